"""All programs of a platform, each with its keeper."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.process import readiness
from event_platform.local.process.program import Program
from event_platform.local.process.records import Records
from event_platform.local.supervisor.periodic_tasks import Duties
from event_platform.local.supervisor.supervised_process import Keeper


class Fleet:
    """Keepers by name. Once ended, nothing is started any more."""

    def __init__(self, records: Records) -> None:
        """Empty."""
        self._records = records
        self._lock = threading.Lock()
        self._keepers: dict[str, Keeper] = {}
        self._ended = False

    def launch(self, programs: Mapping[str, Program]) -> None:
        """Start programs side by side, and keep them running from then on; return when all are ready.

        Raises:
            UnavailableError: One ended or took too long; or the fleet was ended meanwhile.
        """
        with self._lock:
            if self._ended:
                raise UnavailableError("stopped while starting")
            started = {name: Keeper(program, self._records) for name, program in programs.items()}
            for keeper in started.values():
                keeper.start()
            self._keepers.update(started)
        for keeper in started.values():
            keeper.wait_until_ready(readiness.START_TIMEOUT_SECONDS)

    def discard(self, names: Iterable[str]) -> None:
        """Stop programs, and forget them."""
        for name in names:
            keeper = self._keepers.pop(name, None)
            if keeper:
                keeper.stop()

    def keeper(self, name: str) -> Keeper:
        """The keeper of a program.

        Raises:
            ConfigurationError: There is none of that name.
        """
        try:
            return self._keepers[name]
        except KeyError:
            known = ", ".join(sorted(self._keepers))
            raise ConfigurationError(
                f"{name} is not run by this platform, which runs {known or 'nothing yet'}"
            ) from None

    def keepers(self) -> dict[str, Keeper]:
        """All of them by name."""
        return dict(self._keepers)

    def end(self, order: Iterable[tuple[str, ...]]) -> None:
        """Stop the groups of names in ``order``, those of a group side by side."""
        with self._lock:
            self._ended = True
        for group in order:
            keepers = [self._keepers[name] for name in group if name in self._keepers]
            with ThreadPoolExecutor(len(group)) as pool:
                list(pool.map(_stop, keepers))


def _stop(keeper: Keeper) -> None:
    # One that cannot be stopped is no reason to leave the others running.
    Duties().run(f"stopping {keeper.program.name}", keeper.stop)
