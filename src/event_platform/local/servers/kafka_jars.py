"""Kafka's jars: a fixed list with checksums, fetched once into a cache that all state folders share."""

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

from event_platform.core.errors import ConfigurationError, UnavailableError

VERSION = "4.3.1"

_PARALLEL = 8
_TIMEOUT_SECONDS = 30
_UNFINISHED = "unfinished-"
_ABANDONED_SECONDS = 3_600
_MEBIBYTE = 1_048_576

Say = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """An artifact of Maven Central, and what its file must hash to."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name in a repository and in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def listed() -> tuple[Jar, ...]:
    """The jars that Kafka's broker needs, from the list in this package: group, artifact, version, SHA-256."""
    text = files(__package__).joinpath(f"kafka-{VERSION}.jars").read_text("utf-8")
    return tuple(Jar(*line.split()) for line in text.splitlines() if line.strip())


def fetch(cache: Path, say: Say, jars: tuple[Jar, ...] | None = None) -> list[Path]:
    """The jars' paths in ``cache``; those missing or damaged are fetched, each only kept if its checksum is right.

    Raises:
        UnavailableError: A jar could not be fetched; those that could are kept for the next try.
        ConfigurationError: A fetched jar is not what the list says, or the cache cannot be written.
    """
    folder = cache / f"kafka-{VERSION}"
    wanted = listed() if jars is None else jars
    lacking = missing(cache, wanted)
    if lacking:
        say(f"fetching Kafka {VERSION}: {len(lacking)} of {len(wanted)} files into {folder}")
        _fetch_all(lacking, _writable(folder), say)
    return [folder / jar.file_name for jar in wanted]


def missing(cache: Path, wanted: tuple[Jar, ...]) -> list[Jar]:
    """Those of ``wanted`` that ``cache`` does not hold as they should be."""
    return [jar for jar in wanted if not _is_right(cache / f"kafka-{VERSION}" / jar.file_name, jar)]


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be created: {error}; XDG_CACHE_HOME names another place") from error
    return folder


def _is_right(path: Path, jar: Jar) -> bool:
    return path.is_file() and sha256(path) == jar.sha256


def sha256(path: Path) -> str:
    """Of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_all(jars: list[Jar], folder: Path, say: Say) -> None:
    with unfinished(folder) as apart:
        pool = ThreadPoolExecutor(_PARALLEL)
        try:
            pending = [pool.submit(_fetch_one, jar, apart, folder) for jar in jars]
            for line in _progress(pending):
                say(line)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A folder in ``folder`` for files in the making, removed with what is left in it.

    They lie apart, so that neither a part of a file nor a second process at the same work is mistaken for a whole one.
    """
    _remove_abandoned(folder)
    apart = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        yield apart
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    # Of processes that were killed at it; younger ones may still be at work, and end meanwhile.
    for abandoned in folder.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - abandoned.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(abandoned, ignore_errors=True)


def _progress(pending: list[Future[int]]) -> Iterator[str]:
    fetched_bytes = 0
    for done, future in enumerate(as_completed(pending), 1):
        fetched_bytes += future.result()
        if done % 10 == 0 or done == len(pending):
            yield f"fetching Kafka {VERSION}: {done} of {len(pending)} files, {fetched_bytes / _MEBIBYTE:.1f} MiB"


def _fetch_one(jar: Jar, apart: Path, folder: Path) -> int:
    path = _download(jar, apart)
    found = sha256(path)
    if found != jar.sha256:
        raise ConfigurationError(
            f"{jar.file_name} was refused: its SHA-256 is {found}, but {jar.sha256} was expected; "
            "whatever stands between this machine and Maven Central changed it"
        )
    path.chmod(0o644)
    size_bytes = path.stat().st_size
    path.replace(folder / jar.file_name)
    return size_bytes


def _download(jar: Jar, apart: Path) -> Path:
    try:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - only installed with the extra [local]
    except ImportError as error:
        raise ConfigurationError("jgo is not installed: `pip install 'event-platform[local]'`") from error
    context = MavenContext(resolver=PythonResolver(), repo_cache=apart, timeout=_TIMEOUT_SECONDS)
    try:
        return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        raise UnavailableError(
            f"{jar.file_name} of Kafka {VERSION} is not in {apart.parent} and could not be fetched "
            f"({type(error).__name__}): try again with a network, or use docker compose (infra/docker-compose.yml)"
        ) from error
