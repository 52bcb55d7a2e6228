"""`down --purge`: removes what the platform keeps on disk, by name, and only from directories with its marker."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import psutil

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.servers import local_servers
from event_platform.local.state_dir import lock, marker
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.supervisor import services

_SERVER_FILES: Final = (*local_servers.NAMES, "binaries", "secrets.json", "secrets.new")
_STATE_FILES: Final = ("processor", "ports.json", "processes.json", "processes.new", "control", "control.sock")
_LOCK_FILE: Final = "supervisor.lock"
_LOG_FILES: Final = tuple(
    f"logs/{name}.log{suffix}" for name in (*services.NAMES, *local_servers.NAMES, SUPERVISOR) for suffix in ("", ".1")
)
_FILES_BEFORE_MARKERS: Final = frozenset({*_SERVER_FILES, *_STATE_FILES, "logs", _LOCK_FILE})


def purge(state_dir: StateDirectory) -> bool:
    """Remove data, passwords and logs of a platform that is down; leave everything else in its directories.

    Returns:
        Whether there was anything to remove.

    Raises:
        ConfigurationError: A directory holds files named like the platform's, but does not carry its marker.
        UnavailableError: A platform runs there, or something could not be removed; names it with the reason.
    """
    directories = [path for path in state_dir.marked_directories if _is_to_purge(state_dir, path)]
    with _not_running(state_dir):
        failures = [reason for path in directories for reason in _empty(state_dir, path)]
    if failures:
        raise UnavailableError("; ".join(failures))
    return bool(directories)


def _is_to_purge(state_dir: StateDirectory, directory: Path) -> bool:
    if directory.exists() and (state_dir.is_own(directory) or _is_from_before_markers(directory)):
        return True
    if any(os.path.lexists(directory / name) for name in (*_FILES_BEFORE_MARKERS, marker.FILE_NAME)):
        raise ConfigurationError(f"nothing was removed: {directory} {_objection(directory)}")
    return False


def _is_from_before_markers(directory: Path) -> bool:
    """Whether an earlier version, which wrote no marker, created ``directory`` and everything in it."""
    # A marker written for another directory came with a copy; taking that over is a person's decision, made by `up`.
    return marker.has_platform_files(directory) and {path.name for path in directory.iterdir()} <= _FILES_BEFORE_MARKERS


def _objection(directory: Path) -> str:
    found = marker.read(directory)
    if found:
        return f"carries the marker of {found.path}: if `event-platform up` does not take it over, remove it yourself"
    if marker.has_platform_files(directory):
        return (
            "is an earlier version's and holds other things, too: mark it by `event-platform up`, or remove it yourself"
        )
    return f"does not carry event-platform's marker ({marker.FILE_NAME}), so what is in it is not ours"


@contextlib.contextmanager
def _not_running(state_dir: StateDirectory) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if state_dir.lock_file.is_file():
            held = lock.acquire(state_dir.lock_file)
            if held is None:
                raise UnavailableError(f"nothing was removed: a platform runs in {state_dir.home}")
            stack.enter_context(held)
        yield


def _empty(state_dir: StateDirectory, directory: Path) -> list[str]:
    failures = _remove_contents(state_dir, directory)
    if failures:
        return failures
    # The marker goes last, so that an interrupted purge can be repeated.
    drafts = sorted(path.name for path in directory.glob(f"{marker.FILE_NAME}.*"))
    failures = _remove_all(directory, [*drafts, _LOCK_FILE, marker.FILE_NAME])
    # The user may keep other files there; then the directory stays.
    with contextlib.suppress(OSError):
        directory.rmdir()
    return failures


def _remove_contents(state_dir: StateDirectory, directory: Path) -> list[str]:
    failures = _remove_all(directory, _SERVER_FILES) if directory == state_dir.server_data else []
    if directory == state_dir.home:
        failures += _remove_all(directory, _STATE_FILES) + _remove_logs(state_dir.logs)
    return failures


def _remove_logs(logs: Path) -> list[str]:
    if logs.is_symlink():
        return _remove_all(logs.parent, [logs.name])
    failures = _remove_all(logs.parent, _LOG_FILES)
    with contextlib.suppress(OSError):
        logs.rmdir()
    return failures


def _remove_all(directory: Path, names: Iterable[str]) -> list[str]:
    return [reason for name in names if (reason := _remove(directory / name))]


def _remove(path: Path) -> str | None:
    """Remove a file, a link or a whole directory; the reason where it, or a part of it, stays."""
    try:
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
        elif foreign := _foreign(path):
            return f"{path} was left: {foreign}"
        else:
            shutil.rmtree(path)
    except NotADirectoryError:
        return None
    except OSError as error:
        return f"{path} was left: {error}"
    return None


def _foreign(directory: Path) -> str | None:
    """What ``directory`` contains that is certainly not ours: a mounted disk, or another platform's state directory."""
    for mounted in (Path(each.mountpoint) for each in psutil.disk_partitions(all=True)):
        if mounted == directory.resolve() or directory.resolve() in mounted.parents:
            return f"{mounted} is mounted there"
    for inner, _, files in os.walk(directory):
        if marker.FILE_NAME in files:
            return f"{inner} is another platform's state directory"
    return None
