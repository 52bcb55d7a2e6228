"""Which results are retried, after which delay, and that retries end."""

import asyncio
import threading
import time
from random import Random

import pytest
from tests.loadgen.builders import make_config, steady
from tests.loadgen.stub_server import StubServer, refusal

from event_platform.loadgen.recording.attempt_log import AttemptLog
from event_platform.loadgen.recording.attempt_result import CONNECTION_LOST, TIMED_OUT, UNREACHABLE, AttemptResult
from event_platform.loadgen.sending import retry_policy
from event_platform.loadgen.sending.open_loop import send_on_schedule
from event_platform.loadgen.sending.result_handler import ResultHandler
from event_platform.loadgen.sending.sender import Sender
from event_platform.loadgen.traffic.plan import Plan


@pytest.mark.parametrize(
    "result", [CONNECTION_LOST, TIMED_OUT, UNREACHABLE, *map(AttemptResult, (409, 429, 502, 503, 504))]
)
def test_transient_results_are_retried(result: AttemptResult) -> None:
    """No answer, a first request still in progress, an exceeded quota, an outage."""
    assert retry_policy.delay_seconds(result, 1, 0.5) is not None


@pytest.mark.parametrize("status", [202, 400, 401, 404, 413, 415, 422, 500])
def test_permanent_results_are_final(status: int) -> None:
    """The same request would get the same answer."""
    assert retry_policy.delay_seconds(AttemptResult(status), 1, 0.5) is None


def test_delays_double_up_to_a_bound_with_jitter() -> None:
    """Delays double up to five seconds, and lie between half and all of that."""
    delays = [
        retry_policy.delay_seconds(CONNECTION_LOST, attempt, 1.0) for attempt in range(1, retry_policy.MAX_ATTEMPTS)
    ]
    assert delays[:3] == pytest.approx([0.2, 0.4, 0.8])
    assert delays[-1] == 5.0
    assert retry_policy.delay_seconds(CONNECTION_LOST, 1, 0.0) == pytest.approx(0.1)
    assert retry_policy.delay_seconds(CONNECTION_LOST, retry_policy.MAX_ATTEMPTS, 0.0) is None


def test_retry_after_is_added_to_the_delay() -> None:
    """What the platform asks for is waited for in full."""
    assert retry_policy.delay_seconds(AttemptResult(429, retry_after_seconds=30), 1, 0.0) == pytest.approx(30.1)


def test_attempts_are_bounded(stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are reported as failed after as many attempts as are allowed."""
    monkeypatch.setattr(retry_policy, "MAX_ATTEMPTS", 3)
    stub.answer = lambda _request: refusal(503, "UNAVAILABLE")
    config = make_config(stub, steady(5, 1), retries=True)
    result_handler = ResultHandler(AttemptLog(None), Random(1), retries=True)

    async def send_all() -> None:
        sender = Sender(config.target, config.send_options, result_handler, time.monotonic)
        plan = Plan(config.scenario, tuple(config.target.keys), 7)
        await send_on_schedule(plan, sender, time.monotonic(), threading.Event(), time.monotonic)

    asyncio.run(send_all())
    assert len(stub.received) == 15
    assert result_handler.counters.retries == 10
    assert result_handler.counters.answers == {"503 UNAVAILABLE": 15}
    assert result_handler.counters.sent == 5
