"""A whole run: workers add up, progress is reported, and a worker that dies is an error."""

import multiprocessing

import pytest
from tests.loadgen.builders import make_config, steady
from tests.loadgen.stub_server import StubServer, refusal

from event_platform.core.errors import PlatformError
from event_platform.loadgen.sending.load_run import LoadRun, run_load


def test_workers_add_up(stub: StubServer) -> None:
    """Three processes send the plan once, together, and their histograms merge, those of each outcome too."""
    accept = stub.answer
    stub.answer = lambda request: refusal(429, "RATE_LIMITED") if request.key.endswith("1") else accept(request)
    result = run_load(make_config(stub, steady(90, 1)), 3, lambda _run: None)
    assert result.counters.sent == result.counters.latency.count == len(stub.received) == 90
    assert len({request.key for request in stub.received}) == 90
    counts = {name: each.count for name, each in result.counters.latencies.items()}
    limited = sum(request.key.endswith("1") for request in stub.received)
    assert counts == {"accepted": 90 - limited, "rate_limited": limited}
    assert limited > 0


def test_progress_is_reported_during_the_run(stub: StubServer) -> None:
    """The counts grow, and the intervals of the timeline add up to the total."""
    reported: list[int] = []

    def note(state: LoadRun) -> None:
        reported.append(state.counters.sent)

    result = run_load(make_config(stub, steady(50, 3)), 1, note)
    assert len(set(reported)) > 3
    assert reported == sorted(reported)
    assert sum(sum(point.counts.values()) for point in result.points) == 150


def test_a_worker_that_dies_is_an_error(stub: StubServer) -> None:
    """A partial result is never shown as a complete one."""
    killed: list[int] = []

    def kill_first(state: LoadRun) -> None:
        if state.counters.sent and not killed:
            for process in multiprocessing.active_children():
                killed.append(process.pid or 0)
                process.kill()

    with pytest.raises(PlatformError, match="a sending process exited with status -9"):
        run_load(make_config(stub, steady(50, 30)), 1, kill_first)
