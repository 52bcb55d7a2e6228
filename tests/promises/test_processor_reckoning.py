"""P2, P4, P5: producers' answers held against what is stored, by the load generator's own judge, through each fault.

Events flow from HTTP to Postgres while something is killed; every answer has to be true in the end.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.loadgen.conftest import KEYS

from event_platform.loadgen import scenario, tailoring, wire
from event_platform.loadgen.admin_api import AdminApi
from event_platform.loadgen.balance_sheet import BalanceSheet
from event_platform.loadgen.run import Run, run
from event_platform.loadgen.sender import Manner
from event_platform.loadgen.tailoring import Changes
from event_platform.loadgen.verify import verify
from event_platform.loadgen.worker import Job

HIGH = "tenant_a:600000,tenant_b:600000"
RATE = 200


@dataclass
class Platform:
    """All services on the module's environment; the processor is this test's own."""

    servers: RunningServers
    run_service: RunService
    ingest: Service
    admin: Service
    folder: Path
    processors: list[Service] = field(default_factory=list)

    def start_processor(self) -> None:
        """One more."""
        self.processors.append(self.run_service("processor", wait_until_ready=False))

    def send(self, seed: int, seconds: float, while_sending: Callable[[], None]) -> Run:
        """Send good, doubled and malformed events, and do something meanwhile."""
        changes = Changes(rps=RATE, minutes=seconds / 60, duplicate_rate=0.1, bad_rate=0.05)
        what = tailoring.tailored(scenario.load("baseline"), changes)
        job = Job(what, wire.target(self.ingest.url, KEYS), seed, Manner(), None, self.folder / f"ledger-{seed}")
        thread = threading.Thread(target=while_sending)
        thread.start()
        try:
            return run(job, 1, lambda _run: None)
        finally:
            thread.join()

    def account(self, seed: int) -> BalanceSheet:
        """What the judge says."""
        with AdminApi(self.admin.url) as api:
            return verify(api, self.folder.glob(f"ledger-{seed}.*"), 90, lambda _sentence: None)


def _kill_the_processor(platform: Platform, seconds: float) -> None:
    """Three times, in the midst of its work."""
    for _ in range(3):
        time.sleep(seconds / 4)
        platform.processors.pop().kill()
        platform.start_processor()


def _take_away(server: str) -> Callable[[Platform, float], None]:
    def fault(platform: Platform, seconds: float) -> None:
        time.sleep(1)
        platform.servers.kill(server)
        time.sleep(seconds - 3)
        platform.servers.start(server)

    return fault


def _change_workers(platform: Platform, seconds: float) -> None:
    """One joins, and the one before it ends or is killed."""
    for number in range(int(seconds // 2)):
        platform.start_processor()
        time.sleep(1.5)
        leaver = platform.processors.pop(0)
        leaver.kill() if number % 2 else leaver.stop()


FAULTS: dict[str, tuple[Callable[[Platform, float], None], float]] = {
    "the processor killed": (_kill_the_processor, 6),
    "Postgres killed": (_take_away("postgres"), 6),
    "Kafka killed": (_take_away("kafka"), 6),
    "Postgres away for 60 s": (_take_away("postgres"), 65),
    "Kafka away for 60 s": (_take_away("kafka"), 65),
    "workers changed": (_change_workers, 30),
}
QUICK = ("the processor killed", "Postgres killed")


@pytest.fixture
def platform(
    servers: RunningServers,
    run_service: RunService,
    running: tuple[Service, Service],
    tmp_path: Path,
) -> Platform:
    """With one processor."""
    made = Platform(servers, run_service, *running, tmp_path)
    made.start_processor()
    return made


@pytest.fixture(scope="module")
def running(run_service_for_module: RunService) -> tuple[Service, Service]:
    """Ingest, with a quota that nothing here reaches, and admin."""
    return run_service_for_module("ingest", RATE_LIMITS=HIGH), run_service_for_module("admin")


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in FAULTS]
)
def test_every_answer_is_true_in_the_end(
    name: str, platform: Platform, raw_topic: RawTopic, expect_errors: ExpectErrors
) -> None:
    """Acknowledged = stored + dead, no key twice, what was refused left no trace, and the counts equal the rows."""
    # After a minute a person should look.
    expect_errors("still waiting")
    fault, seconds = FAULTS[name]
    seed = 1 + list(FAULTS).index(name)
    tally = platform.send(seed, seconds, lambda: fault(platform, seconds)).tally
    sheet = platform.account(seed)
    assert sheet.differences == []
    assert sheet.remarks == []
    assert sum(sheet.requests.values()) == tally.sent > RATE * seconds / 2
    assert sheet.rows["acknowledged"].stored > 0
    assert sheet.rows["acknowledged, malformed"].dead > 0
    raw_topic.assert_balanced()
