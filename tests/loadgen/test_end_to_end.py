"""Every scenario against the running platform, reconciled; and reconciliation that notices every manipulation."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.fixtures.services import RunService, Service
from tests.loadgen.builders import KEYS

from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides
from event_platform.loadgen.traffic.scenario import Scenario

HIGH = "tenant_a:600000,tenant_b:600000"


@dataclass
class Platform:
    """Ingest, processor and admin, running on the module's environment."""

    ingest: Service
    admin: Service
    database_url: str
    folder: Path
    runs: int = 0

    def send(self, scenario: Scenario, batch_size: int | None = None) -> LoadRun:
        """Send a scenario with a seed of its own; the attempt log stays for `reconcile`."""
        self.runs += 1
        attempt_log = self.folder / f"attempts-{self.runs}"
        options = SendOptions(as_batches=batch_size is not None)
        target = parse_target(self.ingest.url, KEYS)
        config = RunConfig(scenario, target, self.runs, options, batch_size, attempt_log)
        return run_load(config, 1, lambda _run: None)

    def reconcile(self) -> ReconciliationReport:
        """Return the reconciliation report of the last run."""
        with AdminApi(self.admin.url) as api:
            return verify(api, self.folder.glob(f"attempts-{self.runs}.*"), 60, lambda _message: None)

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL without the platform's knowledge."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def platform(
    run_service_for_module: RunService, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """A running platform with a quota that no test here reaches."""
    ingest = run_service_for_module("ingest", RATE_LIMITS=HIGH)
    run_service_for_module("processor")
    admin = run_service_for_module("admin")
    return Platform(ingest, admin, environment["DATABASE_URL"], tmp_path_factory.mktemp("attempts"))


def short(name: str, rps: float = 100, seconds: float = 2) -> Scenario:
    """Return a scenario shortened to a few seconds."""
    return apply_overrides(scenario_files.load(name), Overrides(rps=rps, minutes=seconds / 60))


@pytest.mark.parametrize("name", scenario_files.names())
def test_every_scenario_is_reconciled(name: str, platform: Platform) -> None:
    """Each event is stored once, dead-lettered with its code, or was refused and had no effect."""
    result = platform.send(short(name))
    report = platform.reconcile()
    assert report.differences == []
    assert report.warnings == []
    assert report.requests["unanswered"] == 0
    assert sum(report.requests.values()) == result.counters.sent > 50
    assert report.groups["acknowledged"].stored == report.groups["acknowledged"].events > 0


def test_the_report_equals_what_postgres_holds(platform: Platform) -> None:
    """With the brief's flags, the counts of the summary, the report and the tables are equal."""
    scenario = apply_overrides(
        scenario_files.load("baseline"), Overrides(rps=100, minutes=4 / 60, duplicate_rate=0.1, bad_rate=0.05)
    )
    counters = platform.send(scenario).counters
    report = platform.reconcile()
    prefix = f"lg-{platform.runs:x}-%"
    (stored,) = platform.execute("SELECT count(*) FROM events WHERE idempotency_key LIKE %s", prefix)[0]
    (dead,) = platform.execute("SELECT count(*) FROM dlq_events WHERE idempotency_key LIKE %s", prefix)[0]
    assert report.reconciled
    assert (report.total.stored, report.total.dead) == (stored, dead)
    assert dead == counters.malformed_accepted > 0
    assert sum(n for (_, outcome), n in counters.outcomes.items() if outcome == "accepted") == stored + dead


def test_batches_are_reconciled(platform: Platform) -> None:
    """The items of a batch are reconciled one by one."""
    counters = platform.send(short("duplicates", rps=400), batch_size=50).counters
    report = platform.reconcile()
    assert report.differences == []
    assert sum(report.requests.values()) == counters.sent > 700


def _a_stored_key(platform: Platform) -> tuple[str, str]:
    rows = platform.execute(
        "SELECT tenant_id, idempotency_key FROM events WHERE idempotency_key LIKE %s LIMIT 1", f"lg-{platform.runs:x}-%"
    )
    return rows[0][0], rows[0][1]


def _delete_a_row(platform: Platform) -> tuple[str, str]:
    name = _a_stored_key(platform)
    platform.execute("DELETE FROM events WHERE tenant_id = %s AND idempotency_key = %s", *name)
    return name


def _store_a_row_under_another_day(platform: Platform) -> tuple[str, str]:
    name = _a_stored_key(platform)
    platform.execute(
        "INSERT INTO events SELECT gen_random_uuid(), tenant_id, event_id, idempotency_key, event_type, schema_version,"
        " occurred_at, received_at + interval '1 day', processed_at, status, payload, extensions FROM events"
        " WHERE tenant_id = %s AND idempotency_key = %s",
        *name,
    )
    return name


def _remove_a_dead_letter(platform: Platform) -> tuple[str, str]:
    rows = platform.execute(
        "DELETE FROM dlq_events WHERE id = (SELECT min(id) FROM dlq_events WHERE idempotency_key LIKE %s)"
        " RETURNING tenant_id, idempotency_key",
        f"lg-{platform.runs:x}-%",
    )
    return rows[0][0], rows[0][1]


MANIPULATIONS: dict[str, tuple[Callable[[Platform], tuple[str, str]], str]] = {
    "row deleted": (_delete_a_row, "stored 0 times, expected 1"),
    "row under another day": (_store_a_row_under_another_day, "stored 2 times, expected 1"),
    "dead letter removed": (_remove_a_dead_letter, "dead-lettered 0 times, expected 1"),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulated_row_is_reported(name: str, platform: Platform) -> None:
    """Exactly the manipulated event is reported, by tenant and key, with what is wrong."""
    platform.send(short("poison"))
    assert platform.reconcile().reconciled
    manipulate, problem = MANIPULATIONS[name]
    tenant, key = manipulate(platform)
    report = platform.reconcile()
    assert [(found.tenant, found.key, found.problem) for found in report.differences] == [(tenant, key, problem)]


def test_the_command_verifies(platform: Platform, environment: dict[str, str], tmp_path: Path) -> None:
    """Exit status 0 with a fresh seed; with a seed used before, 3 and the events by tenant and key."""
    command = [sys.executable, "-m", "event_platform.cli", "loadgen", "--minutes", "0.05", "--rps", "50", "--verify"]
    where = ["--url", platform.ingest.url, "--admin-url", platform.admin.url, "--seed", "4711", "--json", "run.json"]
    done = [
        subprocess.run([*command, *where], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [each.returncode for each in done] == [0, 3], done[0].stdout + done[0].stderr
    assert "Reconciled: what became of every event agrees with its answers." in done[0].stdout
    assert "tenant_a lg-1267-" in done[1].stdout
    assert "was this seed used before?" in done[1].stdout
    assert not json.loads((tmp_path / "run.json").read_text())["balance_sheet"]["balanced"]


def test_without_an_admin_api_verification_fails(platform: Platform, tmp_path: Path) -> None:
    """An unavailable admin API is an error, not a successful reconciliation."""
    command = [sys.executable, "-m", "event_platform.cli", "loadgen", "--minutes", "0.03", "--verify"]
    where = ["--url", platform.ingest.url, "--admin-url", "http://127.0.0.1:9", "--verify-timeout", "1"]
    done = subprocess.run([*command, *where], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "asking http://127.0.0.1:9/admin/kafka/lag" in done.stderr
