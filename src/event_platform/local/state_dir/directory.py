"""The layout of the state directory: where state, logs, data and binaries lie."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from event_platform.core.errors import ConfigurationError
from event_platform.local.state_dir import marker
from event_platform.local.state_dir.os_account import ServerAccount, account_of_servers, is_world_reachable

_SYSTEM_DATA: Final = Path("/var/lib/event-platform")
_SYSTEM_CACHE: Final = Path("/var/cache/event-platform")


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """Paths of one local platform.

    Attributes:
        home: The state directory, `EVENT_PLATFORM_HOME`.
        server_data: Parent of the servers' data directories; ``home`` unless the servers' account cannot reach that.
        account: The account that the servers run as; None for our own.
    """

    home: Path
    server_data: Path
    account: ServerAccount | None

    @property
    def logs(self) -> Path:
        """The directory with one log file per process."""
        return self.home / "logs"

    @property
    def passwords_file(self) -> Path:
        """The generated passwords, mode 0600; kept beside the data, because neither is of use without the other."""
        return self.server_data / "secrets.json"

    @property
    def records_file(self) -> Path:
        """Process ids and start times of what was started."""
        return self.home / "processes.json"

    @property
    def ports_file(self) -> Path:
        """The ports that the servers used last."""
        return self.home / "ports.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.home / "supervisor.lock"

    @property
    def marked_directories(self) -> tuple[Path, ...]:
        """All directories that carry a marker."""
        return (self.home,) if self.server_data == self.home else (self.server_data, self.home)

    def create(self) -> None:
        """Create the directories, each with its marker before anything else is written.

        Raises:
            ConfigurationError: A directory cannot be created, or belongs to something else.
        """
        self.check()
        mode = 0o711 if self.account else 0o700
        try:
            for directory in self.marked_directories:
                directory.mkdir(mode=mode, parents=True, exist_ok=True)
                if not marker.is_marked(directory):
                    marker.write(directory)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"EVENT_PLATFORM_HOME={self.home}: cannot be created: {error}") from error

    def check(self) -> None:
        """Check that every directory is, or can be created, writable and ours.

        Raises:
            ConfigurationError: One is not writable, or holds something else.
        """
        _check_encoding(self.home)
        for directory in self.marked_directories:
            self._check_writable(directory)
            if not self._is_usable(directory):
                raise ConfigurationError(
                    f"EVENT_PLATFORM_HOME={self.home}: {directory} is not empty and was not made by event-platform, "
                    "so nothing is put into it: name a new or an empty directory"
                )

    def _check_writable(self, directory: Path) -> None:
        candidates = (directory, *directory.parents)
        existing = next(each for each in candidates if os.access(each, os.F_OK, effective_ids=True))
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
            raise ConfigurationError(
                f"EVENT_PLATFORM_HOME={self.home}: {existing} is not a directory that you may write to"
            )

    def _is_usable(self, directory: Path) -> bool:
        try:
            return marker.is_empty(directory) or self.is_own(directory) or marker.has_platform_files(directory)
        except OSError:
            return False

    def is_own(self, directory: Path) -> bool:
        """Whether the platform created ``directory``: it is marked, or lies where only the platform creates any."""
        is_system_data = directory == self.server_data != self.home and directory.parent == _SYSTEM_DATA
        return marker.is_marked(directory) or is_system_data

    def data_directory(self, server: str) -> Path:
        """The directory of one server's configuration and data."""
        return self.server_data / server

    def create_data_directory(self, server: str) -> Path:
        """Create the directory of one server, owned by the servers' account, and return it.

        Raises:
            ConfigurationError: It cannot be created.
        """
        path = self.data_directory(server)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if self.account:
                os.chown(path, self.account.uid, self.account.gid)
                path.chmod(0o700)
        except OSError as error:
            raise ConfigurationError(f"EVENT_PLATFORM_HOME={self.home}: {path} cannot be created: {error}") from error
        return path

    def chown_to_servers(self, path: Path) -> None:
        """Make the servers' account the owner of the file ``path``."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def cache_directory(self) -> Path:
        """The directory of downloads, shared by all state directories of the user."""
        if self.account:
            return _SYSTEM_CACHE
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "event-platform"

    def can_execute(self, binary: Path) -> bool:
        """Whether the servers' account can reach ``binary``."""
        return not self.account or is_world_reachable(binary.resolve())

    def accessible_copy(self, root: Path, parts: Iterable[str], version: str) -> Path:
        """``root`` itself, or a directory with a copy of ``parts`` that the servers' account can reach.

        Args:
            root: A directory of binaries.
            parts: The subdirectories that are needed; their positions relative to each other are kept.
            version: Identifies the contents; another version is copied anew.
        """
        if self.can_execute(root):
            return root
        copy = self.server_data / "binaries" / f"{root.name}-{version}"
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            for part in parts:
                shutil.copytree(root / part, copy / part, symlinks=True)
            (copy / "complete").touch()
        return copy


def locate(home: Path) -> StateDirectory:
    """The paths that belong to the state directory ``home``; creates nothing.

    Servers of root run as ``nobody``, because Postgres refuses to run as root. Where that user cannot reach the state
    directory, their data lies under ``/var/lib/event-platform``. The mode of a parent directory is never changed.
    """
    home = home.absolute()
    account = account_of_servers()
    return StateDirectory(home, _server_data_of(home) if account else home, account)


def _server_data_of(home: Path) -> Path:
    separate = _SYSTEM_DATA / _digest(home)
    # Once chosen it stays, even where the state directory becomes reachable later: the data is in it.
    return separate if separate.exists() or not is_world_reachable(home.resolve()) else home


def _check_encoding(home: Path) -> None:
    # Process records, the socket path and the servers' configuration hold it as text.
    try:
        os.fspath(home).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(home).decode(errors="backslashreplace")
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={shown}: expected a path in UTF-8") from None


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
