"""The marker file of a directory that the platform created: it writes to, and removes from, no directory without one.

The marker holds the directory's path and inode. A moved directory keeps the inode, and one on a disk that is mounted
anew keeps the path. A copy has neither, so a marker that came with other files (an archive, a repository) is invalid.
"""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from event_platform.local.state_dir.password_file import ServerPasswords

FILE_NAME: Final = ".event-platform-folder"

_ABOUT: Final = "Made by event-platform; `event-platform down --purge` removes what the platform keeps in this folder."

_IN_EMPTY_FILE_SYSTEM: Final = ("lost+found",)


class DirectoryMarker(msgspec.Struct, frozen=True):
    """Contents of the marker file."""

    about: str
    path: str
    inode: int


def write(directory: Path) -> None:
    """Write the marker of ``directory`` atomically.

    Raises:
        OSError: It cannot be written.
    """
    path = directory / FILE_NAME
    draft = directory / f"{FILE_NAME}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    content = DirectoryMarker(_ABOUT, str(directory.resolve()), directory.stat().st_ino)
    with draft.open("xb") as file:
        file.write(msgspec.json.encode(content) + b"\n")
    draft.replace(path)


def read(directory: Path) -> DirectoryMarker | None:
    """The marker file in ``directory``, valid for it or not; None where there is none that can be read."""
    path = directory / FILE_NAME
    try:
        return None if path.is_symlink() else msgspec.json.decode(path.read_bytes(), type=DirectoryMarker)
    except (OSError, msgspec.DecodeError):
        return None


def is_marked(directory: Path) -> bool:
    """Whether ``directory`` carries a marker that was written for it."""
    found = read(directory)
    return found is not None and (found.path == str(directory.resolve()) or found.inode == directory.stat().st_ino)


def is_empty(directory: Path) -> bool:
    """Whether ``directory`` is missing or empty, apart from an unfinished marker.

    Raises:
        OSError: It cannot be read.
    """
    return not directory.exists() or all(_is_insignificant(path.name) for path in directory.iterdir())


def _is_insignificant(name: str) -> bool:
    return name in _IN_EMPTY_FILE_SYSTEM or name.startswith(FILE_NAME)


def has_platform_files(directory: Path) -> bool:
    """Whether ``directory`` has files that only the platform writes; earlier versions wrote no marker."""
    return _has_passwords(directory) or _has_ports(directory) or _has_only_a_worker_id(directory)


def _has_passwords(directory: Path) -> bool:
    return _json_keys(directory / "secrets.json") == frozenset(ServerPasswords.__struct_fields__)


def _has_ports(directory: Path) -> bool:
    return _json_keys(directory / "ports.json") == frozenset({"postgres", "redis", "kafka", "kafka_controller"})


def _json_keys(path: Path) -> frozenset[str]:
    try:
        return frozenset(msgspec.json.decode(path.read_bytes(), type=dict[str, str | int]))
    except (OSError, msgspec.DecodeError):
        return frozenset()


def _has_only_a_worker_id(directory: Path) -> bool:
    # A processor that runs without a supervisor keeps its worker id here, and writes no marker.
    try:
        others = {path.name for path in directory.iterdir() if not _is_insignificant(path.name)} - {"processor"}
        return not others and bool(re.fullmatch("[0-9a-f]{32}", (directory / "processor" / "worker-id").read_text()))
    except (OSError, ValueError):
        return False
