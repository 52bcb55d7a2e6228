"""All supervised processes of a platform, started and stopped together."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.local.process import readiness
from event_platform.local.process.program import Program
from event_platform.local.process.records import ProcessRecords
from event_platform.local.supervisor.supervised_process import SupervisedProcess

log = get_logger(__name__)


class ProcessGroup:
    """Supervised processes by name; after `shut_down` none is started any more."""

    def __init__(self, records: ProcessRecords) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._processes: dict[str, SupervisedProcess] = {}
        self._is_shut_down = False

    def start(self, programs: Mapping[str, Program]) -> None:
        """Start programs concurrently and supervise them from then on; return when all are ready.

        Raises:
            UnavailableError: One exited or took too long, or the group was shut down meanwhile.
        """
        with self._lock:
            if self._is_shut_down:
                raise UnavailableError("stopped while starting")
            started = {name: SupervisedProcess(program, self._records) for name, program in programs.items()}
            for process in started.values():
                process.start()
            self._processes.update(started)
        for process in started.values():
            process.wait_until_ready(readiness.START_TIMEOUT_SECONDS)

    def remove(self, names: Iterable[str]) -> None:
        """Stop processes and remove them from the group."""
        for name in names:
            process = self._processes.pop(name, None)
            if process:
                process.stop()

    def process(self, name: str) -> SupervisedProcess:
        """The supervised process of that name.

        Raises:
            ConfigurationError: There is none of that name.
        """
        try:
            return self._processes[name]
        except KeyError:
            known = ", ".join(sorted(self._processes))
            raise ConfigurationError(
                f"{name} is not run by this platform, which runs {known or 'nothing yet'}"
            ) from None

    def processes(self) -> dict[str, SupervisedProcess]:
        """All supervised processes by name."""
        return dict(self._processes)

    def shut_down(self, order: Iterable[tuple[str, ...]]) -> None:
        """Stop the processes named by each tuple of ``order`` in turn, those of one tuple concurrently."""
        with self._lock:
            self._is_shut_down = True
        for names in order:
            processes = [self._processes[name] for name in names if name in self._processes]
            with ThreadPoolExecutor(len(names)) as pool:
                list(pool.map(_stop, processes))


def _stop(process: SupervisedProcess) -> None:
    try:
        process.stop()
    except Exception:
        # The other processes have to be stopped all the same.
        log.exception("process could not be stopped", name=process.program.name)
