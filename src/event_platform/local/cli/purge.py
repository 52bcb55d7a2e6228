"""Removing what the local platform keeps on disk: below folders with our marker, and what we make in them."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.servers import local_servers
from event_platform.local.state_dir import lock, marker
from event_platform.local.state_dir.directory import Place
from event_platform.local.supervisor import services

_OF_SERVERS: Final = (*local_servers.NAMES, "binaries", "secrets.json", "secrets.new")
_OF_STATE: Final = ("processor", "ports.json", "processes.json", "processes.new", "control", "control.sock")
_LAST: Final = "supervisor.lock"
_OF_LOGS: Final = tuple(
    f"logs/{name}.log{kept}" for name in (*services.NAMES, *local_servers.NAMES, SUPERVISOR) for kept in ("", ".1")
)
_OF_LEGACY: Final = frozenset({*_OF_SERVERS, *_OF_STATE, "logs", _LAST})


def purge(place: Place) -> bool:
    """Remove data, passwords and logs of a platform that is down; nothing else that lies in those folders.

    Returns:
        Whether there was anything of ours.

    Raises:
        ConfigurationError: A folder has things that are named like ours, and does not carry our marker.
        UnavailableError: A platform runs there, or something of ours could not be removed; names it with the reason.
    """
    folders = [folder for folder in place.folders if _is_to_purge(place, folder)]
    with _not_running(place):
        left = [reason for folder in folders for reason in _empty(place, folder)]
    if left:
        raise UnavailableError("; ".join(left))
    return bool(folders)


def _is_to_purge(place: Place, folder: Path) -> bool:
    if folder.exists() and (place.is_ours(folder) or _is_surely_legacy(folder)):
        return True
    if any(os.path.lexists(folder / name) for name in (*_OF_LEGACY, marker.NAME)):
        raise ConfigurationError(f"nothing was removed: {folder} {_doubt(folder)}")
    return False


def _is_surely_legacy(folder: Path) -> bool:
    """Whether an earlier version, which made no marker, made ``folder`` and all that is in it."""
    # A marker that is not its own came with a copy: that is taken over by `up`, by a person's decision.
    return marker.holds_platform(folder) and {path.name for path in folder.iterdir()} <= _OF_LEGACY


def _doubt(folder: Path) -> str:
    found = marker.read(folder)
    if found:
        return f"carries the marker of {found.path}: if `event-platform up` does not take it over, remove it yourself"
    if marker.holds_platform(folder):
        return (
            "is an earlier version's and holds other things, too: mark it by `event-platform up`, or remove it yourself"
        )
    return f"does not carry event-platform's marker ({marker.NAME}), so what is in it is not ours"


@contextlib.contextmanager
def _not_running(place: Place) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if place.lock.is_file():
            held = lock.acquire(place.lock)
            if held is None:
                raise UnavailableError(f"nothing was removed: a platform runs in {place.home}")
            stack.enter_context(held)
        yield


def _empty(place: Place, folder: Path) -> list[str]:
    names = [*(_OF_SERVERS if folder == place.servers else ()), *(_OF_STATE if folder == place.home else ())]
    left = [reason for name in names if (reason := _remove(folder / name))]
    if folder == place.home:
        left += _remove_logs(place.logs)
    if left:
        return left
    # The marker goes last, so that a purge which was broken off can be done again.
    drafts = sorted(path.name for path in folder.glob(f"{marker.NAME}.*"))
    left = [reason for name in (*drafts, _LAST, marker.NAME) if (reason := _remove(folder / name))]
    # Something of the user's may lie there too.
    with contextlib.suppress(OSError):
        folder.rmdir()
    return left


def _remove_logs(logs: Path) -> list[str]:
    if logs.is_symlink():
        return [reason for reason in (_remove(logs),) if reason]
    left = [reason for name in _OF_LOGS if (reason := _remove(logs.parent / name))]
    with contextlib.suppress(OSError):
        logs.rmdir()
    return left


def _remove(path: Path) -> str | None:
    """Remove a file, a link or a whole folder; the reason where it, or a part of it, stays."""
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


def _foreign(folder: Path) -> str | None:
    """What in ``folder`` is not ours for sure: another platform's folder, or another disk."""
    for mounted in (Path(each.mountpoint) for each in psutil.disk_partitions(all=True)):
        if mounted == folder.resolve() or folder.resolve() in mounted.parents:
            return f"{mounted} is mounted there"
    for inner, _, files in os.walk(folder):
        if marker.NAME in files:
            return f"{inner} is another platform's state folder"
    return None
