"""The marker of a folder that the platform made: nothing is put into, or removed from, a folder without it.

It holds the folder's path and inode. A moved folder keeps the inode, and one on a disk that is mounted anew the path;
a copy has neither, so that a marker which comes along with other files (an archive, a repository) proves nothing.
"""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from event_platform.local.state_dir.password_file import Passwords

NAME: Final = ".event-platform-folder"

_ABOUT: Final = "Made by event-platform; `event-platform down --purge` removes what the platform keeps in this folder."

_NOTHING: Final = ("lost+found",)
"""What a disk that was just mounted holds."""


class Marker(msgspec.Struct, frozen=True):
    """What the file says."""

    about: str
    path: str
    inode: int


def mark(folder: Path) -> None:
    """Write the marker of ``folder``, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / NAME
    draft = folder / f"{NAME}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    made = Marker(_ABOUT, str(folder.resolve()), folder.stat().st_ino)
    with draft.open("xb") as file:
        file.write(msgspec.json.encode(made) + b"\n")
    draft.replace(path)


def read(folder: Path) -> Marker | None:
    """The marker that lies in ``folder``, be it its own or another's."""
    path = folder / NAME
    try:
        return None if path.is_symlink() else msgspec.json.decode(path.read_bytes(), type=Marker)
    except (OSError, msgspec.DecodeError):
        return None


def is_marked(folder: Path) -> bool:
    """Whether ``folder`` carries its own marker."""
    found = read(folder)
    return found is not None and (found.path == str(folder.resolve()) or found.inode == folder.stat().st_ino)


def holds_nothing(folder: Path) -> bool:
    """Whether ``folder`` is missing or empty; a marker that was not finished is nothing.

    Raises:
        OSError: It cannot be read.
    """
    return not folder.exists() or all(_is_nothing(path.name) for path in folder.iterdir())


def _is_nothing(name: str) -> bool:
    return name in _NOTHING or name.startswith(NAME)


def holds_platform(folder: Path) -> bool:
    """Whether ``folder`` has what the platform alone writes, as earlier versions did without a marker."""
    return _has_passwords(folder) or _has_ports(folder) or _has_only_a_processor(folder)


def _has_passwords(folder: Path) -> bool:
    return _keys(folder / "secrets.json") == frozenset(Passwords.__struct_fields__)


def _has_ports(folder: Path) -> bool:
    return _keys(folder / "ports.json") == frozenset({"postgres", "redis", "kafka", "kafka_controller"})


def _keys(path: Path) -> frozenset[str]:
    try:
        return frozenset(msgspec.json.decode(path.read_bytes(), type=dict[str, str | int]))
    except (OSError, msgspec.DecodeError):
        return frozenset()


def _has_only_a_processor(folder: Path) -> bool:
    # A processor that is run by itself keeps its name there, and makes no marker.
    try:
        others = {path.name for path in folder.iterdir() if not _is_nothing(path.name)} - {"processor"}
        return not others and bool(re.fullmatch("[0-9a-f]{32}", (folder / "processor" / "worker-id").read_text()))
    except (OSError, ValueError):
        return False
