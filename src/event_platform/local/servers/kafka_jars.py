"""Kafka's jars: a fixed list with checksums, downloaded once into a cache that all state directories share."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from event_platform.core.errors import ConfigurationError, UnavailableError

VERSION: Final = "4.3.1"

_PARALLEL_DOWNLOADS: Final = 8
_TIMEOUT_SECONDS: Final = 30
_UNFINISHED_PREFIX: Final = "unfinished-"
_ABANDONED_SECONDS: Final = 3_600
_MEBIBYTE: Final = 1_048_576

ReportStep = Callable[[str], None]
"""Receives one line about what is being done."""


@dataclass(frozen=True, slots=True)
class Jar:
    """A jar on Maven Central, and the checksum of its file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its file name in a Maven repository and in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def required_jars() -> tuple[Jar, ...]:
    """The jars that Kafka's broker needs, from the list in this package: group, artifact, version, SHA-256."""
    text = files(__package__).joinpath(f"kafka-{VERSION}.jars").read_text("utf-8")
    return tuple(Jar(*line.split()) for line in text.splitlines() if line.strip())


def fetch(cache: Path, report_step: ReportStep, jars: tuple[Jar, ...] | None = None) -> list[Path]:
    """Download the jars that are missing or damaged in ``cache``; return the paths of all.

    Raises:
        UnavailableError: A jar could not be downloaded; the others are kept for the next attempt.
        ConfigurationError: A jar's checksum is wrong, or the cache cannot be written.
    """
    directory = cache / f"kafka-{VERSION}"
    wanted = required_jars() if jars is None else jars
    absent = missing(cache, wanted)
    if absent:
        report_step(f"fetching Kafka {VERSION}: {len(absent)} of {len(wanted)} files into {directory}")
        _fetch_all(absent, _create(directory), report_step)
    return [directory / jar.file_name for jar in wanted]


def missing(cache: Path, wanted: tuple[Jar, ...]) -> list[Jar]:
    """Those of ``wanted`` that ``cache`` does not hold with the right checksum."""
    return [jar for jar in wanted if not _is_intact(cache / f"kafka-{VERSION}" / jar.file_name, jar)]


def _create(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{directory} cannot be created: {error}; XDG_CACHE_HOME names another directory"
        ) from error
    return directory


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and sha256(path) == jar.sha256


def sha256(path: Path) -> str:
    """The SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_all(jars: list[Jar], directory: Path, report_step: ReportStep) -> None:
    with temporary_directory(directory) as temporary:
        pool = ThreadPoolExecutor(_PARALLEL_DOWNLOADS)
        try:
            pending = [pool.submit(_fetch_one, jar, temporary, directory) for jar in jars]
            for line in _progress(pending):
                report_step(line)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def temporary_directory(parent: Path) -> Iterator[Path]:
    """A directory in ``parent`` for unfinished files, removed with whatever is left in it.

    Unfinished files are kept apart so that neither a partial file nor another process' download passes for a whole one.
    """
    _remove_abandoned(parent)
    temporary = Path(tempfile.mkdtemp(prefix=_UNFINISHED_PREFIX, dir=parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    # Left by processes that were killed; younger directories may still be in use.
    for abandoned in parent.glob(f"{_UNFINISHED_PREFIX}*"):
        with suppress(FileNotFoundError):
            if time.time() - abandoned.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(abandoned, ignore_errors=True)


def _progress(pending: list[Future[int]]) -> Iterator[str]:
    fetched_bytes = 0
    for done, future in enumerate(as_completed(pending), 1):
        fetched_bytes += future.result()
        if done % 10 == 0 or done == len(pending):
            yield f"fetching Kafka {VERSION}: {done} of {len(pending)} files, {fetched_bytes / _MEBIBYTE:.1f} MiB"


def _fetch_one(jar: Jar, temporary: Path, directory: Path) -> int:
    path = _download(jar, temporary)
    found = sha256(path)
    if found != jar.sha256:
        raise ConfigurationError(
            f"{jar.file_name} was refused: its SHA-256 is {found}, but {jar.sha256} was expected; "
            "whatever stands between this machine and Maven Central changed it"
        )
    path.chmod(0o644)
    size_bytes = path.stat().st_size
    path.replace(directory / jar.file_name)
    return size_bytes


def _download(jar: Jar, temporary: Path) -> Path:
    try:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - only installed with the extra [local]
    except ImportError as error:
        raise ConfigurationError("jgo is not installed: `pip install 'event-platform[local]'`") from error
    context = MavenContext(resolver=PythonResolver(), repo_cache=temporary, timeout=_TIMEOUT_SECONDS)
    try:
        return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        raise UnavailableError(
            f"{jar.file_name} of Kafka {VERSION} is not in {temporary.parent} and could not be fetched "
            f"({type(error).__name__}): try again with a network, or use docker compose (infra/docker-compose.yml)"
        ) from error
