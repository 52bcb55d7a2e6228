"""Static membership: a worker keeps its name in the group after a restart, and with it its partitions."""

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from uuid import uuid4

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings

MAX_SLOTS: Final = 256


class Membership:
    """Claims a slot of this machine while it is entered; the operating system releases it when the process ends."""

    def __init__(self, settings: Settings, index: int) -> None:
        """``index`` counts the workers of the process, from 0."""
        self._worker_id = settings.worker_id
        self._folder = settings.event_platform_home / "processor"
        self._index = index
        self._slot_file: IO[bytes] | None = None
        self.instance_id = ""

    def __enter__(self) -> Self:
        """Set ``instance_id``, with a free slot unless `WORKER_ID` names the worker.

        Raises:
            ConfigurationError: The state folder cannot be written.
        """
        if self._worker_id:
            self.instance_id = f"{self._worker_id}-{self._index}"
            return self
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.instance_id = f"{_machine_id(self._folder)}-{self._claim_slot()}"
        except OSError as error:
            raise ConfigurationError(
                f"EVENT_PLATFORM_HOME: {self._folder} cannot be written ({error.strerror}); or give WORKER_ID"
            ) from error
        return self

    def _claim_slot(self) -> int:
        for slot in range(MAX_SLOTS):
            file = (self._folder / f"slot-{slot}").open("ab")
            if _lock(file):
                self._slot_file = file
                return slot
            file.close()
        raise ConfigurationError(f"{MAX_SLOTS} processors run with the state folder {self._folder} already")

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Release the slot."""
        if self._slot_file:
            self._slot_file.close()


def _machine_id(folder: Path) -> str:
    path = folder / "worker-id"
    draft = folder / f"worker-id.{os.getpid()}"
    if not path.exists():
        draft.write_text(uuid4().hex)
        try:
            # The process that links first decides the id; no process ever reads a half-written one.
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
        """Lock ``file`` until the process ends; False where another process holds it."""
        try:
            _LOCKING["locking"](file.fileno(), _LOCKING["LK_NBLCK"], 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        """Lock ``file`` until the process ends; False where another process holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
