"""P2, P4, P5: producers' answers are reconciled with what is stored, through each fault, as `loadgen --verify` does.

Events flow from HTTP to Postgres while something is killed, stopped or refuses; every answer must hold in the end.
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
from tests.loadgen.builders import KEYS
from tests.promises.test_processor_broken_database import BREAKS, Operator, operator
from tests.promises.test_processor_position import put_back

from event_platform.core import topics
from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides

__all__ = ["operator"]  # a fixture, found here by its name

HIGH = "tenant_a:600000,tenant_b:600000"
RATE = 200


@dataclass
class Platform:
    """All services in the module's environment; the processors belong to the test."""

    run_service: RunService
    ingest: Service
    admin: Service
    operator: Operator
    settings: Settings
    folder: Path
    processors: list[Service] = field(default_factory=list)

    @property
    def servers(self) -> RunningServers:
        """The servers of this test run."""
        return self.operator.servers

    def start_processor(self) -> None:
        """Start a further processor."""
        self.processors.append(self.run_service("processor", wait_until_ready=False))

    def send(self, seed: int, seconds: float, while_sending: Callable[[], None]) -> LoadRun:
        """Send valid, duplicate and malformed events while ``while_sending`` runs."""
        overrides = Overrides(rps=RATE, minutes=seconds / 60, duplicate_rate=0.1, bad_rate=0.05)
        scenario = apply_overrides(scenario_files.load("baseline"), overrides)
        config = RunConfig(
            scenario, parse_target(self.ingest.url, KEYS), seed, SendOptions(), None, self.folder / f"attempts-{seed}"
        )
        thread = threading.Thread(target=while_sending)
        thread.start()
        try:
            return run_load(config, 1, lambda _run: None)
        finally:
            thread.join()

    def reconcile(self, seed: int) -> ReconciliationReport:
        """Return the reconciliation report of a run."""
        with AdminApi(self.admin.url) as api:
            return verify(api, self.folder.glob(f"attempts-{seed}.*"), 90, lambda _message: None)


def _kill_the_processor(platform: Platform, seconds: float) -> None:
    """Kill it three times while it works."""
    for _ in range(3):
        let_pass(seconds / 4)
        platform.processors.pop().kill()
        platform.start_processor()


def _kill_server(server: str) -> Callable[[Platform, float], None]:
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
    """Restore an older backup: the processor reads the events since then again, from the offsets stored in it."""
    let_pass(1)
    with put_back(platform.servers, platform.operator.url.rsplit("/", 1)[1]):
        let_pass(seconds - 3)


def _withhold_the_dead_letter_topic(platform: Platform, seconds: float) -> None:
    """Create the dead-letter topic only when the traffic is nearly over."""
    later = platform.settings.model_copy(update={"topic_dlq": f"{platform.settings.topic_dlq}.later"})
    platform.processors.pop().stop()
    platform.processors.append(platform.run_service("processor", TOPIC_DLQ=later.topic_dlq, wait_until_ready=False))
    let_pass(seconds - 2)
    topics.create(kafka.admin_client(later), [topics.dlq_topic(later)])


def _pause_a_processor(platform: Platform, seconds: float) -> None:
    """Stop a processor for longer than the session time-out: another one takes over, and the first must be fenced."""
    platform.start_processor()
    let_pass(5)
    os.killpg(platform.processors[0].pid, signal.SIGSTOP)
    let_pass(seconds - 10)
    os.killpg(platform.processors[0].pid, signal.SIGCONT)


def _change_workers(platform: Platform, seconds: float) -> None:
    """Let processors join, while the one before each ends or is killed."""
    for number in range(int(seconds // 2)):
        platform.start_processor()
        let_pass(1.5)
        leaver = platform.processors.pop(0)
        leaver.kill() if number % 2 else leaver.stop()


FAULTS: dict[str, tuple[Callable[[Platform, float], None], float]] = {
    "the processor killed": (_kill_the_processor, 6),
    "Postgres killed": (_kill_server("postgres"), 6),
    "Kafka killed": (_kill_server("kafka"), 6),
    "Postgres unavailable for 60 s": (_kill_server("postgres"), 65),
    "Kafka unavailable for 60 s": (_kill_server("kafka"), 65),
    "workers changed": (_change_workers, 30),
    "the database restored": (_restore_the_database, 8),
    "the dead-letter topic missing": (_withhold_the_dead_letter_topic, 8),
    "a worker stopped for 20 s": (_pause_a_processor, 30),
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
    """A running platform with one processor."""
    made = Platform(run_service, *running, operator, settings, tmp_path)
    made.start_processor()
    return made


@pytest.fixture(scope="module")
def running(run_service_for_module: RunService) -> tuple[Service, Service]:
    """Ingest with a quota that no test here reaches, and admin."""
    return run_service_for_module("ingest", RATE_LIMITS=HIGH), run_service_for_module("admin")


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in FAULTS]
)
def test_every_response_is_true_in_the_end(
    name: str, platform: Platform, raw_topic: RawTopic, expect_errors: ExpectErrors
) -> None:
    """Acknowledged = stored + dead, no key twice, no effect of a refused request, and the rollups equal the rows."""
    # An outage of over a minute is an ERROR.
    expect_errors("still unavailable")
    fault, seconds = FAULTS[name]
    seed = 1 + list(FAULTS).index(name)
    counters = platform.send(seed, seconds, lambda: fault(platform, seconds)).counters
    report = platform.reconcile(seed)
    assert report.differences == []
    assert report.warnings == []
    assert sum(report.requests.values()) == counters.sent > RATE * seconds / 2
    assert report.groups["acknowledged"].stored > 0
    assert report.groups["acknowledged, malformed"].dead > 0
    raw_topic.assert_balanced()
