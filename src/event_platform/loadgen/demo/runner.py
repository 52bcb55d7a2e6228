"""Runs experiments: sends traffic while an experiment acts on the platform, and comments on what happens."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.loadgen.demo import platform_control
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.run_config import RunConfig

_LAG_INTERVAL_SECONDS: Final = 4.0
_DRAIN_INTERVAL_SECONDS: Final = 1.0
_MAX_DRAIN_SECONDS: Final = 60.0
_DRAINED_EVENTS: Final = 50
"""A lag this small is the traffic of a moment."""


@dataclass
class ExperimentRunner:
    """Runs experiments on a running platform, and offers what they do meanwhile.

    Attributes:
        folder: For the attempt logs of all experiments.
        outage_seconds: How long an experiment keeps something stopped.
        write: Receives each line of the commentary.
        traffic_ended: Set when the traffic of the experiment ends, so that no action outlasts it by much.
    """

    api: AdminApi
    folder: Path
    outage_seconds: float
    write: Callable[[str], None]
    _begun: float = field(default_factory=time.monotonic)
    traffic_ended: threading.Event = field(default_factory=threading.Event)

    def run(self, config: RunConfig, actions: Callable[["ExperimentRunner"], None]) -> LoadRun:
        """Send the traffic of ``config`` while ``actions`` run; return when both have ended.

        Raises:
            PlatformError: The actions failed.
            KeyboardInterrupt: Ctrl-C; the actions have ended, and restarted what they had stopped.
        """
        self.traffic_ended.clear()
        errors: list[PlatformError] = []
        thread = threading.Thread(target=self._act, args=(actions, errors))
        thread.start()
        try:
            result = run_load(config, 1, lambda _run: None)
        finally:
            self.traffic_ended.set()
            thread.join()
        if errors:
            raise errors[0]
        if result.interrupted:
            raise KeyboardInterrupt
        return result

    def _act(self, actions: Callable[["ExperimentRunner"], None], errors: list[PlatformError]) -> None:
        try:
            actions(self)
        except PlatformError as error:
            errors.append(error)

    def new_attempt_log(self) -> Path:
        """Return the path for the attempt log of the next experiment."""
        return self.folder / f"attempts-{len(list(self.folder.iterdir()))}"

    def say(self, message: str) -> None:
        """Write a line with the time since the first experiment began."""
        self.write(f"[{time.monotonic() - self._begun:5.0f} s] {message}")

    def pause(self, seconds: float) -> None:
        """Wait while traffic flows; return early when it ends."""
        self.traffic_ended.wait(seconds)

    def cause_outage(self, name: str) -> None:
        """Stop a service or server for ``outage_seconds`` while watching the lag, and start it again."""
        self.say(f"stopping {name}")
        platform_control.stop(name)
        try:
            self.watch_lag(self.outage_seconds)
        finally:
            self.say(f"starting {name}")
            platform_control.start(name)
        self.say(f"{name} is ready")

    def watch_lag(self, seconds: float) -> None:
        """Show the processor's lag every few seconds, until the time is over or the traffic ends."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.traffic_ended.is_set():
            self.pause(min(_LAG_INTERVAL_SECONDS, left))
            self._show_lag()

    def watch_drain(self) -> None:
        """Show how the lag falls, until it is no more than the traffic of a moment."""
        deadline = time.monotonic() + _MAX_DRAIN_SECONDS
        while time.monotonic() < deadline:
            lag = self._show_lag()
            if lag is not None and lag <= _DRAINED_EVENTS:
                return
            time.sleep(_DRAIN_INTERVAL_SECONDS)

    def _show_lag(self) -> int | None:
        try:
            lag = self.api.lag()
        except UnavailableError:
            self.say("lag: unknown (the admin API is unavailable)")
            return None
        self.say(f"lag: unknown ({lag.error})" if lag.total is None else f"lag: {lag.total:,} events waiting")
        return lag.total
