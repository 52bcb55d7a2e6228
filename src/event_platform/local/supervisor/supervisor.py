"""The process behind ``event-platform up``: starts everything, keeps it running, and ends it in order.

Run as a module of its own, so that its environment carries the state folder by which a later `down` recognises it.
"""

import os
import signal
import threading
from functools import partial
from pathlib import Path

from event_platform.core import telemetry
from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.local.process import orphans, termination
from event_platform.local.process.records import SUPERVISOR, Records
from event_platform.local.servers.ports import Reservations
from event_platform.local.state_dir.directory import Place
from event_platform.local.supervisor import control_protocol, log_rotation, startup, summary
from event_platform.local.supervisor.control_handler import Orders
from event_platform.local.supervisor.periodic_tasks import Duties
from event_platform.local.supervisor.process_group import Fleet
from event_platform.local.supervisor.progress import Progress
from event_platform.local.supervisor.startup import Plan

_TURN_SECONDS = 5.0

log = telemetry.get_logger(__name__)


class Supervisor:
    """One run of the platform, from its start until someone wants it to end."""

    def __init__(self, settings: Settings, place: Place, progress: Progress) -> None:
        """Nothing is started yet."""
        self._settings = settings
        self._place = place
        self._progress = progress
        self._records = Records(place.records, place.home)
        self._fleet = Fleet(self._records)
        self._reservations = Reservations()
        self._ending = threading.Event()
        self._failure: PlatformError | None = None

    def run(self) -> int:
        """Run until told to end; the exit status."""
        self._handle_signals()
        try:
            for name in orphans.end(self._place):
                self._progress.say(f"ended {name}, which a killed supervisor had left")
            self._records.add(SUPERVISOR, os.getpid())
            what = startup.plan(self._settings, self._place, Path.cwd(), self._reservations)
            return self._supervise(what)
        except PlatformError as error:
            self._progress.fail(str(error))
            return 1
        except OSError as error:
            log.exception("supervising")
            self._progress.fail(f"the platform in {self._place.home} cannot be started: {error}")
            return 1
        finally:
            self._records.remove(SUPERVISOR)

    def _supervise(self, what: Plan) -> int:
        socket = control_protocol.serve(self._place.home, Orders(what, self._fleet).handle)
        starting = threading.Thread(target=self._start, args=(what,), name="start", daemon=True)
        starting.start()
        try:
            self._look_after()
        finally:
            self._fleet.end(startup.programs_in_order_of_end())
            termination.kill_children(starting)
            control_protocol.close(self._place.home, socket)
        if self._failure:
            raise self._failure
        return 0

    def _look_after(self) -> None:
        duties = Duties()
        while not self._ending.wait(_TURN_SECONDS):
            duties.run("rotating logs", partial(log_rotation.rotate, self._place.logs))
            duties.run("writing records", self._records.save)

    def _start(self, what: Plan) -> None:
        try:
            startup.run(what, self._fleet, self._progress.say)
        except PlatformError as error:
            self._failure = self._failure or error
        except Exception as error:
            log.exception("starting")
            self._failure = UnavailableError(f"starting failed: {error!r}")
        else:
            self._progress.ready(summary.lines(what.settings))
            return
        self._ending.set()

    def _handle_signals(self) -> None:
        def end(_number: int, _frame: object) -> None:
            if not self._ending.is_set():
                self._failure = UnavailableError("stopped while starting") if not self._progress.is_ready else None
                self._ending.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
