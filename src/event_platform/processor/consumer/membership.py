"""A worker's name in its group: the same after a restart, so that it finds its partitions waiting."""

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from uuid import uuid4

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings

MAX_SLOTS: Final = 256


class Membership:
    """Holds a slot of this machine as long as it is entered; ends with the process at the latest."""

    def __init__(self, settings: Settings, index: int) -> None:
        """The ``index``-th worker of its process, counted from 0."""
        self._worker_id = settings.worker_id
        self._folder = settings.event_platform_home / "processor"
        self._index = index
        self._held: IO[bytes] | None = None
        self.instance_id = ""

    def __enter__(self) -> Self:
        """Choose a name.

        Raises:
            ConfigurationError: The state folder cannot be written.
        """
        if self._worker_id:
            self.instance_id = f"{self._worker_id}-{self._index}"
            return self
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.instance_id = f"{_machine_id(self._folder)}-{self._take_slot()}"
        except OSError as error:
            raise ConfigurationError(
                f"EVENT_PLATFORM_HOME: {self._folder} cannot be written ({error.strerror}); or give WORKER_ID"
            ) from error
        return self

    def _take_slot(self) -> int:
        for slot in range(MAX_SLOTS):
            file = (self._folder / f"slot-{slot}").open("ab")
            if _lock(file):
                self._held = file
                return slot
            file.close()
        raise ConfigurationError(f"{MAX_SLOTS} processors run with the state folder {self._folder} already")

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Free the slot."""
        if self._held:
            self._held.close()


def _machine_id(folder: Path) -> str:
    path = folder / "worker-id"
    draft = folder / f"worker-id.{os.getpid()}"
    if not path.exists():
        draft.write_text(uuid4().hex)
        try:
            # Whoever links first decides; nobody ever reads a half-written name.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


if os.name == "nt":
    import msvcrt

    # mypy knows these only where it runs on Windows.
    _LOCKING = vars(msvcrt)

    def _lock(file: IO[bytes]) -> bool:
        """Whether ``file`` is ours until the process ends."""
        try:
            _LOCKING["locking"](file.fileno(), _LOCKING["LK_NBLCK"], 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        """Whether ``file`` is ours until the process ends."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
