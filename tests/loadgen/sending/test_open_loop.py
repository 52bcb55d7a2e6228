"""Requests start on schedule, whatever the answers do, and latency counts from the schedule."""

from itertools import count

import pytest
from tests.fixtures.timing import Promised
from tests.loadgen.builders import send, steady
from tests.loadgen.stub_server import ACCEPTED, Received, Reply, StubServer


@pytest.mark.timing
def test_a_stalled_server_shows_in_the_percentiles(stub: StubServer, promised: Promised) -> None:
    """Coordinated omission is absent: a stall of one second in three delays a third of all requests."""

    def median_seconds() -> float:
        stalls = count()

        def stall_once(_request: Received) -> Reply:
            if next(stalls) == 150:
                stub.stall(1.0)
            return ACCEPTED

        stub.answer = stall_once
        counters = send(stub, steady(200, 3)).counters
        assert counters.sent == 600
        assert counters.latency.percentile(99) > 0.9
        assert counters.latency.percentile(75) > 0.05
        return counters.latency.percentile(50)

    promised.within(0.05, median_seconds)


@pytest.mark.timing
def test_starts_follow_the_schedule_whatever_the_answers_do(stub: StubServer, promised: Promised) -> None:
    """Answers that take half a second do not delay the next start."""
    stub.answer = lambda _request: Reply(after_seconds=0.5)

    def seconds_of_sending() -> float:
        stub.received.clear()
        result = send(stub, steady(100, 1))
        assert len(stub.received) == 100
        assert result.counters.service_time.percentile(50) >= 0.5
        return result.sending_seconds

    promised.within(1.3, seconds_of_sending)
