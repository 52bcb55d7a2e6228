"""Where acts are played: a running platform, traffic, and a voice that says what happens."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.loadgen.demo import platform_control
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.sending.load_run import Run, run
from event_platform.loadgen.sending.worker import Job

LOOK_EVERY_SECONDS = 4.0
_LONGEST_DRAIN_SECONDS = 60.0
_A_MOMENTS_EVENTS = 50

Say = Callable[[str], None]


@dataclass
class Stage:
    """What an act can do.

    Attributes:
        outage_seconds: How long an act keeps something stopped.
        folder: For the ledgers of all traffic.
        ended: Set when the traffic of the act ends, so that no act waits in vain.
    """

    api: AdminApi
    folder: Path
    outage_seconds: float
    tell: Say
    begun: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)

    def say(self, sentence: str) -> None:
        """Tell it, with the time since the beginning."""
        self.tell(f"[{time.monotonic() - self.begun:5.0f} s] {sentence}")

    def pause(self, seconds: float) -> None:
        """Let traffic flow."""
        self.ended.wait(seconds)

    def outage(self, name: str) -> None:
        """Stop a service or server for as long as outages last, watch, and start it again."""
        self.say(f"stopping {name}")
        platform_control.stop(name)
        try:
            self.watch(self.outage_seconds)
        finally:
            self.say(f"starting {name}")
            platform_control.start(name)
        self.say(f"{name} is ready")

    def watch(self, seconds: float) -> None:
        """Say every few seconds how far the processor is behind."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.ended.is_set():
            self.pause(min(LOOK_EVERY_SECONDS, left))
            self._tell_lag()

    def watch_drain(self) -> None:
        """Say how the lag falls, until no more than the traffic of a moment waits."""
        deadline = time.monotonic() + _LONGEST_DRAIN_SECONDS
        while time.monotonic() < deadline:
            waiting = self._tell_lag()
            if waiting is not None and waiting <= _A_MOMENTS_EVENTS:
                return
            time.sleep(1)

    def _tell_lag(self) -> int | None:
        try:
            lag = self.api.lag()
        except UnavailableError:
            self.say("lag: the admin API cannot tell now")
            return None
        self.say(f"lag: unknown ({lag.error})" if lag.total is None else f"lag: {lag.total:,} events wait")
        return lag.total

    def perform(self, job: Job, script: Callable[["Stage"], None]) -> Run:
        """Send ``job`` while ``script`` is played; returns when both have ended.

        Raises:
            PlatformError: The script failed.
            KeyboardInterrupt: Ctrl-C; the script was told, and has put right what it stopped.
        """
        self.ended.clear()
        problems: list[PlatformError] = []
        player = threading.Thread(target=self._play, args=(script, problems))
        player.start()
        try:
            result = run(job, 1, lambda _run: None)
        finally:
            self.ended.set()
            player.join()
        if problems:
            raise problems[0]
        if result.interrupted:
            raise KeyboardInterrupt
        return result

    def _play(self, script: Callable[["Stage"], None], problems: list[PlatformError]) -> None:
        try:
            script(self)
        except PlatformError as error:
            problems.append(error)

    def next_ledger(self) -> Path:
        """A file for the next act's attempts."""
        return self.folder / f"ledger-{len(list(self.folder.iterdir()))}"


def quota(limits: Iterable[tuple[str, int]]) -> dict[str, str]:
    """The setting that gives tenants these limits."""
    return {"RATE_LIMITS": ",".join(f"{tenant}:{limit}" for tenant, limit in limits)}
