"""The supervised processes of a platform are stopped in order, whatever fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors

from event_platform.local.process.program import Program
from event_platform.local.process.records import ProcessRecords
from event_platform.local.supervisor.process_group import ProcessGroup
from event_platform.local.supervisor.supervised_process import ProcessState, SupervisedProcess


@pytest.fixture
def group(tmp_path: Path) -> Iterator[ProcessGroup]:
    """A process group that is shut down after the test."""
    made = ProcessGroup(ProcessRecords(tmp_path / "processes.json", tmp_path))
    yield made
    made.shut_down([("ingest", "admin", "kafka")])


def test_a_process_that_cannot_be_stopped_does_not_affect_others(
    group: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_errors: ExpectErrors
) -> None:
    """Both the others of its tuple and the tuples after it are stopped."""
    expect_errors("process could not be stopped")
    sleeps = ("/bin/sleep", "600")
    program = Program("ingest", sleeps, {}, tmp_path, tmp_path / "log", is_ready=lambda: True)
    group.start({name: replace(program, name=name) for name in ("ingest", "admin", "kafka")})
    stop = SupervisedProcess.stop

    def fails_once(supervised: SupervisedProcess) -> None:
        stop(supervised)
        if supervised.program.name == "ingest":
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(SupervisedProcess, "stop", fails_once)
    group.shut_down([("ingest", "admin"), ("kafka",)])
    assert {supervised.snapshot().state for supervised in group.processes().values()} == {ProcessState.STOPPED}
