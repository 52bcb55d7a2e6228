"""Kafka's classes as Java loads them quickest: an archive, made once from the jars, that saves a third of the start.

Java calls it class data sharing (JEP 310): the classes of a list, parsed and verified already, are mapped into memory.
The list is part of this package; `scripts.list_kafka_classes` writes it.
"""

import fcntl
import hashlib
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from event_platform.local.process.termination import describe
from event_platform.local.servers import kafka_jars
from event_platform.local.servers.kafka_jars import VERSION, Say

LIST = f"kafka-{VERSION}.classes"

_TIMEOUT_SECONDS = 120.0
# For one Java each; 60 MB. A Java is replaced now and then, and each virtual environment may bring its own.
_KEPT = 3


@dataclass(frozen=True)
class Run:
    """What an archive is for: it serves no other Java, options that choose memory and compiler, or class path."""

    java: Path
    options: tuple[str, ...]
    jars: tuple[Path, ...]

    @property
    def class_path(self) -> str:
        """As Java takes it."""
        return os.pathsep.join(map(str, self.jars))


def find_or_make(folder: Path, run: Run, say: Say) -> Path | None:
    """The archive for ``run`` in ``folder``, made where there is none, or only a damaged one.

    None where it cannot be made, which is said: Kafka runs without it, too.
    """
    try:
        archive = _find(folder, _key(run)) or _find_or_make_alone(folder, run, say)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"Kafka will start more slowly, because its classes could not be prepared: {_reason(error)}")
        return None
    _note_use(archive)
    return archive


def _find(folder: Path, key: str) -> Path | None:
    # By its checksum, because Java 17 crashes on one that was cut off.
    return next(
        (path for path in folder.glob(f"classes-{key}-*.jsa") if path.stem.endswith(kafka_jars.sha256(path))), None
    )


def _key(run: Run) -> str:
    # Java refuses an archive where its own classes, or a jar, are of another size or date than when it was made.
    parts = (run.options, _listed().read_text("utf-8"), *map(_state, (_own_classes(run.java), *run.jars)))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _listed() -> Path:
    return Path(str(files(__package__).joinpath(LIST)))


def _own_classes(java: Path) -> Path:
    binary = java.resolve()
    modules = binary.parent.parent / "lib" / "modules"
    return modules if modules.exists() else binary


def _state(file: Path) -> tuple[str, int, int]:
    found = file.stat()
    # Not the folder of Java: servers of another account run a copy of it.
    return file.name, found.st_size, found.st_mtime_ns


def _find_or_make_alone(folder: Path, run: Run, say: Say) -> Path:
    # Several platforms or test runs that start at once wait for the first one's. The lock ends with the process.
    with (folder / "classes.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _find(folder, _key(run)) or _make(folder, run, say)


def _make(folder: Path, run: Run, say: Say) -> Path:
    say("preparing Kafka's classes for this Java, once: its later starts take a third less work")
    with kafka_jars.unfinished(folder) as apart:
        archive = apart / "classes.jsa"
        _dump(run, archive)
        archive.chmod(0o644)
        return archive.rename(folder / f"classes-{_key(run)}-{kafka_jars.sha256(archive)}.jsa")


def _dump(run: Run, archive: Path) -> None:
    command = (
        str(run.java),
        *run.options,
        "-Xshare:dump",
        f"-XX:SharedClassListFile={_listed()}",
        f"-XX:SharedArchiveFile={archive}",
        # Else a line for each class that another Java does not have.
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "-cp",
        run.class_path,
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
    # Killed by the end of a start that is broken off, which takes the exit status, too.
    if not archive.exists():
        raise subprocess.SubprocessError("Java was stopped")


def _note_use(archive: Path) -> None:
    # The cache may be somebody else's to keep, or its files just removed by another.
    with suppress(OSError):
        os.utime(archive)
        for other in sorted(archive.parent.glob("classes-*.jsa"), key=_last_used, reverse=True)[_KEPT:]:
            other.unlink(missing_ok=True)


def _last_used(archive: Path) -> float:
    # Another process may be removing it, too.
    with suppress(FileNotFoundError):
        return archive.stat().st_mtime
    return 0.0


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    # Without the command, whose class path fills a screen.
    if isinstance(error, subprocess.CalledProcessError):
        return (error.stderr or error.stdout).strip()[-300:] or f"Java ended with {describe(error.returncode)}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"Java was not done after {error.timeout:g} s"
    return str(error)
