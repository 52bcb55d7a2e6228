"""The supervised processes of a platform are stopped in order, whatever fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors

from event_platform.local.process.program import Program
from event_platform.local.process.records import Records
from event_platform.local.supervisor.process_group import Fleet
from event_platform.local.supervisor.supervised_process import Keeper, State


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Ended after the test."""
    made = Fleet(Records(tmp_path / "processes.json", tmp_path))
    yield made
    made.end([("ingest", "admin", "kafka")])


def test_one_that_cannot_be_stopped_keeps_no_other(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_errors: ExpectErrors
) -> None:
    """Whatever goes wrong in the end of one program, the others of its group and the groups after it are ended."""
    expect_errors("stopping ingest")
    sleeps = ("/bin/sleep", "600")
    program = Program("ingest", sleeps, {}, tmp_path, tmp_path / "log", is_ready=lambda: True)
    fleet.launch({name: replace(program, name=name) for name in ("ingest", "admin", "kafka")})
    stop = Keeper.stop

    def fails_once(keeper: Keeper) -> None:
        stop(keeper)
        if keeper.program.name == "ingest":
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Keeper, "stop", fails_once)
    fleet.end([("ingest", "admin"), ("kafka",)])
    assert {keeper.snapshot().state for keeper in fleet.keepers().values()} == {State.STOPPED}
