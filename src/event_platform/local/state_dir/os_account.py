"""The operating system account that the local servers run as, and what it can reach."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The user that servers run as."""

    uid: int
    gid: int


def account_of_servers() -> ServerAccount | None:
    """``nobody`` where we are root, because Postgres refuses to run as root; None, which is our own, otherwise."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return ServerAccount(nobody.pw_uid, nobody.pw_gid)


def is_world_reachable(path: Path) -> bool:
    """Whether every user may enter ``path`` and its parents, as far as they exist."""
    # A directory that does not exist yet will be created by us, with a mode that permits it.
    existing = (directory for directory in (path, *path.parents) if directory.exists())
    return all(directory.stat().st_mode & stat.S_IXOTH for directory in existing)
