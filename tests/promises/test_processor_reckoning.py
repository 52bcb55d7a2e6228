"""P2, P4, P5: producers' answers held against what is stored, by the load generator's own judge, through each fault.

Events flow from HTTP to Postgres while something is killed, stopped or refuses; every answer has to be true in the end.
"""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import let_pass
from tests.loadgen.conftest import KEYS
from tests.promises.test_processor_broken_database import BREAKS, Operator, operator
from tests.promises.test_processor_position import put_back

from event_platform.core import topics
from event_platform.core.connections import kafka
from event_platform.core.settings.declaration import Settings
from event_platform.loadgen import scenario, tailoring, wire
from event_platform.loadgen.admin_api import AdminApi
from event_platform.loadgen.balance_sheet import BalanceSheet
from event_platform.loadgen.run import Run, run
from event_platform.loadgen.sender import Manner
from event_platform.loadgen.tailoring import Changes
from event_platform.loadgen.verify import verify
from event_platform.loadgen.worker import Job

__all__ = ["operator"]  # a fixture, found here by its name

HIGH = "tenant_a:600000,tenant_b:600000"
RATE = 200


@dataclass
class Platform:
    """All services on the module's environment; the processor is this test's own."""

    run_service: RunService
    ingest: Service
    admin: Service
    operator: Operator
    settings: Settings
    folder: Path
    processors: list[Service] = field(default_factory=list)

    @property
    def servers(self) -> RunningServers:
        """Of this run."""
        return self.operator.servers

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
        let_pass(seconds / 4)
        platform.processors.pop().kill()
        platform.start_processor()


def _take_away(server: str) -> Callable[[Platform, float], None]:
    def fault(platform: Platform, seconds: float) -> None:
        let_pass(1)
        platform.servers.kill(server)
        let_pass(seconds - 3)
        platform.servers.start(server)

    return fault


def _break_the_database(name: str) -> Callable[[Platform, float], None]:
    def fault(platform: Platform, seconds: float) -> None:
        broken, _reason = BREAKS[name]
        let_pass(1)
        with broken(platform.operator):
            let_pass(seconds - 3)

    return fault


def _restore_the_database(platform: Platform, seconds: float) -> None:
    """What came since is read again from Kafka, where the older rows say that it ended."""
    let_pass(1)
    with put_back(platform.servers, platform.operator.url.rsplit("/", 1)[1]):
        let_pass(seconds - 3)


def _take_away_the_dead_letter_topic(platform: Platform, seconds: float) -> None:
    """It is made only when the traffic is nearly over."""
    later = platform.settings.model_copy(update={"topic_dlq": f"{platform.settings.topic_dlq}.later"})
    platform.processors.pop().stop()
    platform.processors.append(platform.run_service("processor", TOPIC_DLQ=later.topic_dlq, wait_until_ready=False))
    let_pass(seconds - 2)
    topics.create(kafka.admin_client(later), [topics.dlq_topic(later)])


def _stop_and_continue(platform: Platform, seconds: float) -> None:
    """Longer than Kafka waits for a member: another one takes over, and the first comes back as a zombie."""
    platform.start_processor()
    let_pass(5)
    os.killpg(platform.processors[0].pid, signal.SIGSTOP)
    let_pass(seconds - 10)
    os.killpg(platform.processors[0].pid, signal.SIGCONT)


def _change_workers(platform: Platform, seconds: float) -> None:
    """One joins, and the one before it ends or is killed."""
    for number in range(int(seconds // 2)):
        platform.start_processor()
        let_pass(1.5)
        leaver = platform.processors.pop(0)
        leaver.kill() if number % 2 else leaver.stop()


FAULTS: dict[str, tuple[Callable[[Platform, float], None], float]] = {
    "the processor killed": (_kill_the_processor, 6),
    "Postgres killed": (_take_away("postgres"), 6),
    "Kafka killed": (_take_away("kafka"), 6),
    "Postgres away for 60 s": (_take_away("postgres"), 65),
    "Kafka away for 60 s": (_take_away("kafka"), 65),
    "workers changed": (_change_workers, 30),
    "the database restored": (_restore_the_database, 8),
    "the dead letters' topic away": (_take_away_the_dead_letter_topic, 8),
    "a worker stopped for 20 s": (_stop_and_continue, 30),
    **{f"Postgres refuses: {name}": (_break_the_database(name), 8) for name in BREAKS if name != "shut down"},
}
QUICK = ("the processor killed", "Postgres killed")


@pytest.fixture
def platform(
    run_service: RunService,
    running: tuple[Service, Service],
    operator: Operator,
    settings: Settings,
    tmp_path: Path,
) -> Platform:
    """With one processor."""
    made = Platform(run_service, *running, operator, settings, tmp_path)
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
    expect_errors("still unavailable")
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
