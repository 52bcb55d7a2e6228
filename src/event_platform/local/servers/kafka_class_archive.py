"""A class data sharing (CDS) archive of Kafka's classes, which saves a third of the time and CPU of every start.

Java maps the classes of a list, parsed and verified already, into memory (JEP 310). The archive is made once from the
jars. The list is part of this package; `scripts.list_kafka_classes` writes it.
"""

import fcntl
import hashlib
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from event_platform.local.process.termination import describe_exit_status
from event_platform.local.servers import kafka_jars
from event_platform.local.servers.kafka_jars import VERSION, ReportStep

CLASS_LIST: Final = f"kafka-{VERSION}.classes"

_TIMEOUT_SECONDS: Final = 120.0
# Each is for one Java and takes 60 MB. Java is upgraded now and then, and each virtual environment may bring its own.
_KEPT_ARCHIVES: Final = 3


@dataclass(frozen=True, slots=True)
class JvmConfiguration:
    """What an archive is valid for: this Java, these options for memory and compiler, and this class path."""

    java: Path
    options: tuple[str, ...]
    jars: tuple[Path, ...]

    @property
    def class_path(self) -> str:
        """The jars as Java's ``-cp`` takes them."""
        return os.pathsep.join(map(str, self.jars))


def find_or_create(directory: Path, jvm: JvmConfiguration, report_step: ReportStep) -> Path | None:
    """The archive for ``jvm`` in ``directory``; created where there is no intact one.

    Returns:
        None where it cannot be created, which is reported: Kafka runs without it, too.
    """
    try:
        archive = _find(directory, _key(jvm)) or _create_exclusively(directory, jvm, report_step)
    except (OSError, subprocess.SubprocessError) as error:
        report_step(f"Kafka will start more slowly, because its classes could not be prepared: {_reason(error)}")
        return None
    _remove_unused(archive)
    return archive


def _find(directory: Path, key: str) -> Path | None:
    # The checksum matters because Java 17 crashes on a truncated archive.
    return next(
        (path for path in directory.glob(f"classes-{key}-*.jsa") if path.stem.endswith(kafka_jars.sha256(path))), None
    )


def _key(jvm: JvmConfiguration) -> str:
    # Java rejects an archive when its own classes or a jar differ in size or date from when it was made.
    inputs = (_own_classes(jvm.java), *jvm.jars)
    parts = (jvm.options, _class_list().read_text("utf-8"), *map(_fingerprint, inputs))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _class_list() -> Path:
    return Path(str(files(__package__).joinpath(CLASS_LIST)))


def _own_classes(java: Path) -> Path:
    binary = java.resolve()
    modules = binary.parent.parent / "lib" / "modules"
    return modules if modules.exists() else binary


def _fingerprint(file: Path) -> tuple[str, int, int]:
    status = file.stat()
    # Without Java's directory: servers of another account run a copy of it.
    return file.name, status.st_size, status.st_mtime_ns


def _create_exclusively(directory: Path, jvm: JvmConfiguration, report_step: ReportStep) -> Path:
    # Of several platforms or test runs that start at once one creates it, and the others wait.
    with (directory / "classes.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _find(directory, _key(jvm)) or _create(directory, jvm, report_step)


def _create(directory: Path, jvm: JvmConfiguration, report_step: ReportStep) -> Path:
    report_step("preparing Kafka's classes for this Java, once: its later starts take a third less work")
    with kafka_jars.temporary_directory(directory) as temporary:
        archive = temporary / "classes.jsa"
        _dump(jvm, archive)
        archive.chmod(0o644)
        return archive.rename(directory / f"classes-{_key(jvm)}-{kafka_jars.sha256(archive)}.jsa")


def _dump(jvm: JvmConfiguration, archive: Path) -> None:
    command = (
        str(jvm.java),
        *jvm.options,
        "-Xshare:dump",
        f"-XX:SharedClassListFile={_class_list()}",
        f"-XX:SharedArchiveFile={archive}",
        # Otherwise Java logs a line for each class that it does not have.
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "-cp",
        jvm.class_path,
    )
    subprocess.run(
        command,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        timeout=_TIMEOUT_SECONDS,
    )
    # A start that is broken off kills Java and may reap it, so that its exit status reads 0.
    if not archive.exists():
        raise subprocess.SubprocessError("Java was stopped")


def _remove_unused(archive: Path) -> None:
    # The cache may be read-only, or another process may be removing the same files.
    with suppress(OSError):
        os.utime(archive)
        for other in sorted(archive.parent.glob("classes-*.jsa"), key=_last_used, reverse=True)[_KEPT_ARCHIVES:]:
            other.unlink(missing_ok=True)


def _last_used(archive: Path) -> float:
    # Another process may have removed it.
    with suppress(FileNotFoundError):
        return archive.stat().st_mtime
    return 0.0


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    # Without the command, whose class path fills a screen.
    if isinstance(error, subprocess.CalledProcessError):
        output = (error.stderr or error.stdout).strip()
        return output[-300:] or f"Java exited with {describe_exit_status(error.returncode)}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"Java was not done after {error.timeout:g} s"
    return str(error)
