"""One run of the platform: starts everything, keeps it running, and shuts it down in order."""

import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Final

from event_platform.core import telemetry
from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.local.process import termination
from event_platform.local.process.orphans import terminate_orphans
from event_platform.local.process.records import SUPERVISOR, ProcessRecords
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.supervisor import control_protocol, log_rotation, startup, summary
from event_platform.local.supervisor.control_handler import ControlHandler
from event_platform.local.supervisor.periodic_tasks import PeriodicTasks
from event_platform.local.supervisor.process_group import ProcessGroup
from event_platform.local.supervisor.progress import ProgressReporter
from event_platform.local.supervisor.startup import StartupPlan

_PERIOD_SECONDS: Final = 5.0

log = telemetry.get_logger(__name__)


class Supervisor:
    """The platform from its start until a signal, or a failed start, ends it."""

    def __init__(self, settings: Settings, state_dir: StateDirectory, progress: ProgressReporter) -> None:
        self._settings = settings
        self._state_dir = state_dir
        self._progress = progress
        self._records = ProcessRecords(state_dir.records_file, state_dir.home)
        self._group = ProcessGroup(self._records)
        self._reservations = PortReservations()
        self._shutdown = threading.Event()
        self._failure: PlatformError | None = None

    def run(self) -> int:
        """Run until told to shut down; return the exit status."""
        self._handle_signals()
        try:
            return self._run()
        except PlatformError as error:
            self._progress.report_failure(str(error))
            return 1
        except OSError as error:
            log.exception("supervisor failed")
            self._progress.report_failure(f"the platform in {self._state_dir.home} cannot be started: {error}")
            return 1
        finally:
            self._records.remove(SUPERVISOR)

    def _run(self) -> int:
        for name in terminate_orphans(self._state_dir):
            self._progress.report_step(f"stopped {name}, which a killed supervisor had left running")
        self._records.add(SUPERVISOR, os.getpid())
        return self._supervise(startup.plan_startup(self._settings, self._state_dir, Path.cwd(), self._reservations))

    def _supervise(self, plan: StartupPlan) -> int:
        socket = control_protocol.serve(self._state_dir.home, ControlHandler(plan, self._group).handle)
        starting = threading.Thread(target=self._start, args=(plan,), name="start", daemon=True)
        starting.start()
        try:
            self._run_periodic_tasks()
        finally:
            self._group.shut_down(startup.SHUTDOWN_ORDER)
            termination.kill_children_of_start(starting)
            control_protocol.close(self._state_dir.home, socket)
        if self._failure:
            raise self._failure
        return 0

    def _run_periodic_tasks(self) -> None:
        tasks = PeriodicTasks()
        while not self._shutdown.wait(_PERIOD_SECONDS):
            tasks.run("rotating logs", partial(log_rotation.rotate, self._state_dir.logs))
            tasks.run("writing process records", self._records.save)

    def _start(self, plan: StartupPlan) -> None:
        try:
            startup.start_everything(plan, self._group, self._progress.report_step)
        except PlatformError as error:
            self._failure = self._failure or error
        except Exception as error:
            log.exception("startup failed")
            self._failure = UnavailableError(f"starting failed: {error!r}")
        else:
            self._progress.report_ready(summary.lines(plan.settings))
            return
        self._shutdown.set()

    def _handle_signals(self) -> None:
        def shut_down(_number: int, _frame: object) -> None:
            if not self._shutdown.is_set():
                self._failure = UnavailableError("stopped while starting") if not self._progress.is_ready else None
                self._shutdown.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, shut_down)
