"""Where the state, logs, data and binaries of the local platform lie, and as whom its servers run."""

import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from event_platform.core.errors import ConfigurationError
from event_platform.local.state_dir import marker

_FOLDER_FOR_ALL = Path("/var/lib/event-platform")
_CACHE_FOR_ALL = Path("/var/cache/event-platform")


@dataclass(frozen=True)
class Account:
    """A user that servers run as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The state folder, the folder of the servers' data, and the account they run as (None: our own)."""

    home: Path
    servers: Path
    account: Account | None

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        """The generated passwords; 0600. Beside the data, because neither is of use without the other."""
        return self.servers / "secrets.json"

    @property
    def records(self) -> Path:
        """What was started: ids, start times."""
        return self.home / "processes.json"

    @property
    def ports(self) -> Path:
        """The ports that the servers had last."""
        return self.home / "ports.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.home / "supervisor.lock"

    def create(self) -> None:
        """Create the folders, each with its marker before anything else, and what the state folder holds.

        Raises:
            ConfigurationError: One cannot be created, or is not ours.
        """
        self.check()
        mode = 0o711 if self.account else 0o700
        try:
            for folder in self.folders:
                folder.mkdir(mode=mode, parents=True, exist_ok=True)
                if not marker.is_marked(folder):
                    marker.mark(folder)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"EVENT_PLATFORM_HOME={self.home}: cannot be created: {error}") from error

    @property
    def folders(self) -> tuple[Path, ...]:
        """All that carry a marker."""
        return (self.home,) if self.servers == self.home else (self.servers, self.home)

    def check(self) -> None:
        """Raise `ConfigurationError` where a folder, or one to create it in, is not writable or is somebody else's."""
        _check_name(self.home)
        for folder in self.folders:
            existing = next(each for each in (folder, *folder.parents) if os.access(each, os.F_OK, effective_ids=True))
            if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
                raise ConfigurationError(
                    f"EVENT_PLATFORM_HOME={self.home}: {existing} is no folder that you may write to"
                )
            if not self._may_use(folder):
                raise ConfigurationError(
                    f"EVENT_PLATFORM_HOME={self.home}: {folder} is not empty and was not made by event-platform, "
                    "so nothing is put into it: name a new or an empty folder"
                )

    def _may_use(self, folder: Path) -> bool:
        try:
            return marker.holds_nothing(folder) or self.is_ours(folder) or marker.holds_platform(folder)
        except OSError:
            return False

    def is_ours(self, folder: Path) -> bool:
        """Whether we made ``folder``: by its marker, or because nobody else makes one there."""
        return marker.is_marked(folder) or (folder == self.servers != self.home and folder.parent == _FOLDER_FOR_ALL)

    def folder_of(self, server: str) -> Path:
        """The folder of one server's configuration and data."""
        return self.servers / server

    def make_folder(self, path: Path) -> Path:
        """Create ``path`` and give it to the servers' account.

        Raises:
            ConfigurationError: It cannot be created.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            if self.account:
                os.chown(path, self.account.uid, self.account.gid)
                path.chmod(0o700)
        except OSError as error:
            raise ConfigurationError(f"EVENT_PLATFORM_HOME={self.home}: {path} cannot be created: {error}") from error
        return path

    def give(self, path: Path) -> None:
        """Let the servers' account own the file ``path``."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def cache(self) -> Path:
        """The folder of downloads, shared by all state folders of the user."""
        if self.account:
            return _CACHE_FOR_ALL
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "event-platform"

    def can_run(self, binary: Path) -> bool:
        """Whether the servers' account can reach ``binary``."""
        return not self.account or _reachable_by_all(binary.resolve())

    def reachable(self, root: Path, parts: Iterable[str], version: str) -> Path:
        """``root``, or a folder with copies of ``parts`` of it that the servers' account can reach.

        Args:
            root: A folder of binaries.
            parts: The folders in it that are needed, kept in their places relative to each other.
            version: Names the contents; another version is copied anew.
        """
        if self.can_run(root):
            return root
        copy = self.servers / "binaries" / f"{root.name}-{version}"
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            for part in parts:
                shutil.copytree(root / part, copy / part, symlinks=True)
            (copy / "complete").touch()
        return copy


def find(home: Path) -> Place:
    """The place that belongs to the state folder ``home``; nothing is created.

    Root's servers run as ``nobody``, because Postgres refuses root; where that user cannot reach the state folder,
    their data lies under ``/var/lib/event-platform``. No mode of any parent folder is ever changed.
    """
    home = home.absolute()
    account = _account_of_servers()
    return Place(home, _servers_folder(home) if account else home, account)


def _servers_folder(home: Path) -> Path:
    apart = _FOLDER_FOR_ALL / _digest(home)
    # Once chosen it stays, also where the state folder can be reached later: the data is in it.
    return apart if apart.exists() or not _reachable_by_all(home.resolve()) else home


def _account_of_servers() -> Account | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _reachable_by_all(path: Path) -> bool:
    # What does not exist yet is created by us, and reachable.
    existing = (folder for folder in (path, *path.parents) if folder.exists())
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in existing)


def _check_name(home: Path) -> None:
    # Records, sockets and servers name it in text.
    try:
        os.fspath(home).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(home).decode(errors="backslashreplace")
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={shown}: expected a path in UTF-8") from None


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
