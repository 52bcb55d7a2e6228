"""The process behind ``event-platform up``: starts everything, keeps it running, and ends it in order.

Run as a module of its own, so that its environment carries the state folder by which a later `down` recognises it.
"""

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from event_platform.core import telemetry
from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.local import control, ending, leftovers, lock, logs, place, startup, summary
from event_platform.local.duties import Duties
from event_platform.local.fleet import Fleet
from event_platform.local.orders import Orders
from event_platform.local.place import Place
from event_platform.local.ports import Reservations
from event_platform.local.progress import Progress
from event_platform.local.records import SUPERVISOR, Records
from event_platform.local.startup import Plan

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
            for name in leftovers.end(self._place):
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
        socket = control.serve(self._place.home, Orders(what, self._fleet).handle)
        starting = threading.Thread(target=self._start, args=(what,), name="start", daemon=True)
        starting.start()
        try:
            self._look_after()
        finally:
            self._fleet.end(startup.programs_in_order_of_end())
            ending.kill_children(starting)
            control.close(self._place.home, socket)
        if self._failure:
            raise self._failure
        return 0

    def _look_after(self) -> None:
        duties = Duties()
        while not self._ending.wait(_TURN_SECONDS):
            duties.run("rotating logs", partial(logs.rotate, self._place.logs))
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


def main() -> int:
    """Run a supervisor on the settings of the environment; arguments: optionally the descriptor to report to."""
    progress = Progress(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    try:
        settings = load()
        telemetry.configure(settings, SUPERVISOR)
        telemetry.log_setting_warnings(settings.warnings)
        found = place.find(settings.event_platform_home)
        found.create()
    except PlatformError as error:
        progress.fail(str(error))
        return 1
    held = lock.acquire(found.lock)
    if held is None:
        progress.fail(f"another supervisor runs in {found.home}")
        return 1
    with held:
        return Supervisor(settings, found, progress).run()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A download in the background would hold up the end; nothing of it is needed any more.
    os._exit(status)
