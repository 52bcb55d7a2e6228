"""Every scenario against the running platform, audited; and an audit that cannot be deceived."""

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
from tests.loadgen.conftest import KEYS

from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.sending import request_encoder
from event_platform.loadgen.sending.load_run import Run, run
from event_platform.loadgen.sending.sender import Manner
from event_platform.loadgen.sending.worker import Job
from event_platform.loadgen.traffic import overrides, scenario
from event_platform.loadgen.traffic.overrides import Changes
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

    def send(self, what: Scenario, **manner: Any) -> Run:  # noqa: ANN401 - fields of Manner
        """Send it with a seed of its own; the ledger stays for `account`."""
        self.runs += 1
        ledger = self.folder / f"ledger-{self.runs}"
        batch = manner.pop("batch", None)
        job = Job(what, request_encoder.target(self.ingest.url, KEYS), self.runs, Manner(**manner), batch, ledger)
        return run(job, 1, lambda _run: None)

    def account(self) -> BalanceSheet:
        """The sheet of the last run."""
        with AdminApi(self.admin.url) as api:
            return verify(api, self.folder.glob(f"ledger-{self.runs}.*"), 60, lambda _sentence: None)

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What someone does behind the platform's back."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def platform(
    run_service_for_module: RunService, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """The running platform, with a quota that nothing here reaches."""
    ingest = run_service_for_module("ingest", RATE_LIMITS=HIGH)
    run_service_for_module("processor")
    admin = run_service_for_module("admin")
    return Platform(ingest, admin, environment["DATABASE_URL"], tmp_path_factory.mktemp("ledgers"))


def short(name: str, rps: float = 100, seconds: float = 2) -> Scenario:
    """A scenario in a few seconds."""
    return overrides.tailored(scenario.load(name), Changes(rps=rps, minutes=seconds / 60))


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_balances(name: str, platform: Platform) -> None:
    """Each event of it is stored once, dead with its code, or was refused and left no trace."""
    result = platform.send(short(name))
    sheet = platform.account()
    assert sheet.differences == []
    assert sheet.remarks == []
    assert sheet.requests["unanswered"] == 0
    assert sum(sheet.requests.values()) == result.tally.sent > 50
    assert sheet.rows["acknowledged"].stored == sheet.rows["acknowledged"].events > 0


def test_the_sheet_equals_what_postgres_holds(platform: Platform) -> None:
    """The brief's flags: the counts of the summary, the sheet and the tables are the same, to the event."""
    what = overrides.tailored(
        scenario.load("baseline"), Changes(rps=100, minutes=4 / 60, duplicate_rate=0.1, bad_rate=0.05)
    )
    tally = platform.send(what).tally
    sheet = platform.account()
    prefix = f"lg-{platform.runs:x}-%"
    (stored,) = platform.execute("SELECT count(*) FROM events WHERE idempotency_key LIKE %s", prefix)[0]
    (dead,) = platform.execute("SELECT count(*) FROM dlq_events WHERE idempotency_key LIKE %s", prefix)[0]
    assert sheet.balanced
    assert (sheet.total.stored, sheet.total.dead) == (stored, dead)
    assert dead == tally.malformed_accepted > 0
    assert sum(n for (_, outcome), n in tally.outcomes.items() if outcome == "accepted") == stored + dead


def test_batches_balance_too(platform: Platform) -> None:
    """A batch's items are audited one by one."""
    tally = platform.send(short("duplicates", rps=400), as_batches=True, batch=50).tally
    sheet = platform.account()
    assert sheet.differences == []
    assert sum(sheet.requests.values()) == tally.sent > 700


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


SABOTAGE: dict[str, tuple[Callable[[Platform], tuple[str, str]], str]] = {
    "row deleted": (_delete_a_row, "stored 0 times, expected 1"),
    "row under another day": (_store_a_row_under_another_day, "stored 2 times, expected 1"),
    "dead letter removed": (_remove_a_dead_letter, "dead-lettered 0 times, expected 1"),
}


@pytest.mark.parametrize("deed", SABOTAGE)
def test_what_is_done_behind_the_platforms_back_is_named(deed: str, platform: Platform) -> None:
    """Exactly that event is named, by tenant and key, with what is wrong."""
    platform.send(short("poison"))
    assert platform.account().balanced
    sabotage, problem = SABOTAGE[deed]
    tenant, key = sabotage(platform)
    sheet = platform.account()
    assert [(found.tenant, found.key, found.problem) for found in sheet.differences] == [(tenant, key, problem)]


def test_the_command_verifies(platform: Platform, environment: dict[str, str], tmp_path: Path) -> None:
    """From the shell: exit status 0 and a sheet that balances; with a used seed, 3 and the events by name."""
    command = [sys.executable, "-m", "event_platform.cli", "loadgen", "--minutes", "0.05", "--rps", "50", "--verify"]
    where = ["--url", platform.ingest.url, "--admin-url", platform.admin.url, "--seed", "4711", "--json", "run.json"]
    done = [
        subprocess.run([*command, *where], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [each.returncode for each in done] == [0, 3], done[0].stdout + done[0].stderr
    assert "It balances: every event is where its answers say." in done[0].stdout
    assert "tenant_a lg-1267-" in done[1].stdout
    assert "was this seed used before?" in done[1].stdout
    assert not json.loads((tmp_path / "run.json").read_text())["balance_sheet"]["balanced"]


def test_without_an_admin_api_the_audit_says_so(platform: Platform, tmp_path: Path) -> None:
    """What cannot be asked is an error, not a balance."""
    command = [sys.executable, "-m", "event_platform.cli", "loadgen", "--minutes", "0.03", "--verify"]
    where = ["--url", platform.ingest.url, "--admin-url", "http://127.0.0.1:9", "--verify-timeout", "1"]
    done = subprocess.run([*command, *where], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "asking http://127.0.0.1:9/admin/kafka/lag" in done.stderr
