"""Removing what the local platform keeps on disk."""

import contextlib
import shutil
from pathlib import Path

from event_platform.local.place import Place

_OF_SERVERS = ("postgres", "redis", "kafka", "binaries", "secrets.json")
_OF_STATE = ("logs", "processor", "ports.json", "processes.json", "supervisor.lock", "control", "control.sock")


def purge(place: Place) -> None:
    """Remove data, passwords and logs of a platform that is down; nothing else that lies in those folders."""
    _remove(place.servers, _OF_SERVERS)
    _remove(place.home, _OF_STATE)


def _remove(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    # Something of the user's may lie there too.
    with contextlib.suppress(OSError):
        folder.rmdir()
