"""A good producer: what it sends again, how long it waits, and that it ends."""

import asyncio
import time
from random import Random

import pytest
from tests.loadgen.conftest import Stub, make_job, refusal, steady

from event_platform.loadgen.recording.attempt_log import Ledger
from event_platform.loadgen.recording.attempt_result import CUT, TIMED_OUT, UNREACHABLE, Ended
from event_platform.loadgen.sending import retry_policy
from event_platform.loadgen.sending.open_loop import Stop, send
from event_platform.loadgen.sending.result_handler import Settlement
from event_platform.loadgen.sending.sender import Sender
from event_platform.loadgen.traffic.plan import Plan


@pytest.mark.parametrize("ended", [CUT, TIMED_OUT, UNREACHABLE, *map(Ended, (409, 429, 502, 503, 504))])
def test_what_another_attempt_can_mend_is_sent_again(ended: Ended) -> None:
    """No answer, a pending first request, a quota, an outage."""
    assert retry_policy.pause_seconds(ended, 1, 0.5) is not None


@pytest.mark.parametrize("status", [202, 400, 401, 404, 413, 415, 422, 500])
def test_what_stays_as_it_is_is_final(status: int) -> None:
    """The same request would get the same answer."""
    assert retry_policy.pause_seconds(Ended(status), 1, 0.5) is None


def test_pauses_grow_up_to_a_bound_and_are_spread() -> None:
    """Twice as long each time, five seconds at most, never all producers together."""
    pauses = [retry_policy.pause_seconds(CUT, attempt, 1.0) for attempt in range(1, retry_policy.ATTEMPTS)]
    assert pauses[:3] == pytest.approx([0.2, 0.4, 0.8])
    assert pauses[-1] == 5.0
    assert retry_policy.pause_seconds(CUT, 1, 0.0) == pytest.approx(0.1)
    assert retry_policy.pause_seconds(CUT, retry_policy.ATTEMPTS, 0.0) is None


def test_retry_after_comes_first() -> None:
    """What the platform asks for is waited for in full."""
    assert retry_policy.pause_seconds(Ended(429, retry_after_seconds=30), 1, 0.0) == pytest.approx(30.1)


def test_attempts_end(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage that lasts too long is reported as failed, after as many attempts as are allowed."""
    monkeypatch.setattr(retry_policy, "ATTEMPTS", 3)
    stub.answer = lambda _request: refusal(503, "UNAVAILABLE")
    job = make_job(stub, steady(5, 1), retries=True)
    settlement = Settlement(Ledger(None), Random(1), retries=True)

    async def play() -> None:
        sender = Sender(job.target, job.manner, settlement, time.monotonic)
        await send(Plan(job.scenario, tuple(job.target.keys), 7), sender, time.monotonic(), Stop(), time.monotonic)

    asyncio.run(play())
    assert len(stub.received) == 15
    assert settlement.tally.retries == 10
    assert settlement.tally.answers == {"503 UNAVAILABLE": 15}
    assert settlement.tally.sent == 5
