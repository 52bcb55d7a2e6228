"""The open loop against a real server: nothing waits for answers, and nothing is hidden or lost."""

import multiprocessing
from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
from tests.fixtures.ports import ReservePort
from tests.fixtures.timing import Promised
from tests.loadgen.conftest import ACCEPTED, KEYS, Received, Reply, Stub, make_job, refusal, send, steady

from event_platform.core.errors import PlatformError
from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending import request_encoder, worker
from event_platform.loadgen.sending.load_run import Run, run


@pytest.mark.timing
def test_a_stalled_server_shows_in_the_percentiles(stub: Stub, promised: Promised) -> None:
    """Coordinated omission is absent: a second's pause in three delays a third of all, not one for each connection."""

    def median_seconds() -> float:
        stalls = count()

        def stall_once(_request: Received) -> Reply:
            if next(stalls) == 150:
                stub.stall(1.0)
            return ACCEPTED

        stub.answer = stall_once
        tally = send(stub, steady(200, 3)).tally
        assert tally.sent == 600
        assert tally.latency.percentile(99) > 0.9
        assert tally.latency.percentile(75) > 0.05
        return tally.latency.percentile(50)

    promised.within(0.05, median_seconds)


@pytest.mark.timing
def test_starts_follow_the_schedule_whatever_the_answers_do(stub: Stub, promised: Promised) -> None:
    """Answers that take half a second do not slow the next start: ten at a time are under way."""
    stub.answer = lambda _request: Reply(after_seconds=0.5)

    def seconds_of_sending() -> float:
        stub.received.clear()
        result = send(stub, steady(100, 1))
        assert len(stub.received) == 100
        assert result.tally.service.percentile(50) >= 0.5
        return result.sending_seconds

    promised.within(1.3, seconds_of_sending)


def test_what_is_sent_is_what_the_plan_says(stub: Stub) -> None:
    """Right path, key of the right tenant, JSON, and the plan's body."""
    send(stub, steady(50, 1))
    plan = {request.events[0].key: request.events[0] for request in worker._share(make_job(stub, steady(50, 1)))}  # noqa: SLF001 - what a worker sends
    assert {request.key for request in stub.received} == plan.keys()
    for request in stub.received:
        assert request.path == "/events"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-api-key"] == KEYS[plan[request.key].tenant]
        assert request.body == plan[request.key].body


def test_every_end_is_counted_once(stub: Stub) -> None:
    """Accepted, duplicate, 409, 429, 400, 503, cut: together they are what was sent."""
    duplicate = {"status": "accepted", "request_id": "req_1", "duplicate": True}
    replies = [
        ACCEPTED,
        Reply(202, duplicate),
        refusal(409, "IDEMPOTENCY_IN_PROGRESS", Retry_After="1"),
        refusal(429, "RATE_LIMITED", Retry_After="60"),
        refusal(400, "INVALID_JSON"),
        refusal(503, "UNAVAILABLE", Retry_After="1"),
        Reply(cut=True),
        Reply(502, "<html>"),
    ]
    number = count()
    stub.answer = lambda _request: replies[next(number) % len(replies)]
    tally = send(stub, steady(80, 2)).tally
    assert tally.sent == 160
    assert Counter({name: tally.count(name) for name in Outcome}) == Counter(
        {
            Outcome.ACCEPTED: 20,
            Outcome.DUPLICATE: 20,
            Outcome.IN_PROGRESS: 20,
            Outcome.RATE_LIMITED: 20,
            Outcome.INVALID: 20,
            Outcome.FAILED: 60,
        }
    )
    assert tally.answers["no answer: connection lost"] == 20
    assert tally.answers["502 not the platform's answer"] == 20


@pytest.mark.timing
def test_a_server_that_never_answers_times_out(stub: Stub, promised: Promised) -> None:
    """Each request ends after its time-out, as failed, and the run ends soon after the last."""
    stub.answer = lambda _request: Reply(after_seconds=60)

    def run_once() -> Run:
        result = send(stub, steady(20, 1), timeout_seconds=0.5)
        assert result.tally.answers == {"no answer: timed out": 20}
        assert result.tally.latency.percentile(50) >= 0.5
        return result

    promised.within(0.8, lambda: run_once().tally.latency.percentile(50), "a request")
    promised.within(3, lambda: run_once().elapsed_seconds, "the run")


def test_where_nothing_listens_nothing_was_delivered(stub: Stub, reserve_port: ReservePort) -> None:
    """A refused connection is told apart from a lost answer."""
    job = replace(
        make_job(stub, steady(20, 1)), target=request_encoder.target(f"http://127.0.0.1:{reserve_port()}", KEYS)
    )
    tally = run(job, 1, lambda _run: None).tally
    assert tally.answers == {"no answer: no connection": 20}


def test_retries_come_with_the_same_key_and_body(stub: Stub) -> None:
    """With --retry 503, 409, 429 and a cut connection are tried again; 400 is final."""
    seen: Counter[str] = Counter()
    bodies: dict[str, set[bytes]] = {}
    first = [
        refusal(503, "UNAVAILABLE"),
        refusal(409, "IDEMPOTENCY_IN_PROGRESS"),
        Reply(cut=True),
        refusal(400, "INVALID_JSON"),
    ]

    def fail_first(request: Received) -> Reply:
        seen[request.key] += 1
        bodies.setdefault(request.key, set()).add(request.body)
        return first[len(seen) % 4] if seen[request.key] == 1 else ACCEPTED

    stub.answer = fail_first
    tally = send(stub, steady(40, 1), retries=True).tally
    assert (tally.sent, tally.retries) == (40, 30)
    assert (tally.count(Outcome.ACCEPTED), tally.count(Outcome.INVALID)) == (30, 10)
    assert all(len(each) == 1 for each in bodies.values())


@pytest.mark.timing
def test_retry_after_is_waited_for(stub: Stub, promised: Promised) -> None:
    """A 429 with Retry-After: 1 is sent again no sooner; the latency tells of both, the service time of an attempt."""

    def longest_attempt_seconds() -> float:
        limited: set[str] = set()

        def limit_first(request: Received) -> Reply:
            if request.key in limited:
                return ACCEPTED
            limited.add(request.key)
            return refusal(429, "RATE_LIMITED", Retry_After="1")

        stub.answer = limit_first
        tally = send(stub, steady(10, 1), retries=True).tally
        assert tally.count(Outcome.ACCEPTED) == 10
        assert tally.latency.percentile(1) >= 1.0
        return tally.service.max

    promised.within(0.5, longest_attempt_seconds)


@pytest.mark.timing
def test_too_few_connections_are_counted(stub: Stub, promised: Promised) -> None:
    """Whoever waits for a connection is counted, and the wait is in the latency, not in the service time."""
    stub.answer = lambda _request: Reply(after_seconds=0.2)

    def median_service_seconds() -> float:
        tally = send(stub, steady(50, 1), connections=5).tally
        assert tally.waited > 20
        assert tally.sent == 50
        assert tally.latency.max > 0.5
        return tally.service.percentile(50)

    promised.within(0.3, median_service_seconds)


def test_batches_are_read_item_by_item(stub: Stub) -> None:
    """Each item has its own end; an item over the rate counts as rate-limited."""

    def answer(request: Received) -> Reply:
        assert request.path == "/events/batch"
        items = request.body.count(b'"idempotency_key"')
        accepted = {"status": "accepted", "request_id": "req_1", "duplicate": False}
        limited = {"status": "rejected", "error": {"code": "RATE_LIMITED", "message": ""}}
        results = [accepted] * (items - 1) + [limited]
        return Reply(202, {"accepted": items - 1, "duplicates": 0, "rejected": 1, "results": results})

    stub.answer = answer
    job = replace(make_job(stub, steady(100, 1), as_batches=True), batch=10)
    tally = run(job, 1, lambda _run: None).tally
    assert tally.sent == 100
    assert tally.count(Outcome.RATE_LIMITED) == len(stub.received)
    assert tally.count(Outcome.ACCEPTED) == 100 - len(stub.received)


def test_workers_add_up(stub: Stub) -> None:
    """Three processes send the plan once, together, and their histograms merge, those of each outcome."""
    accept = stub.answer
    stub.answer = lambda request: refusal(429, "RATE_LIMITED") if request.key.endswith("1") else accept(request)
    result = run(make_job(stub, steady(90, 1)), 3, lambda _run: None)
    assert result.tally.sent == result.tally.latency.count == len(stub.received) == 90
    assert len({request.key for request in stub.received}) == 90
    counts = {name: each.count for name, each in result.tally.latencies.items()}
    limited = sum(request.key.endswith("1") for request in stub.received)
    assert counts == {"accepted": 90 - limited, "rate_limited": limited}
    assert limited > 0


def test_progress_is_told_while_it_lasts(stub: Stub) -> None:
    """The counts grow, and the timeline's seconds add up to the whole."""
    told: list[int] = []

    def note(state: Run) -> None:
        told.append(state.tally.sent)

    result = run(make_job(stub, steady(50, 3)), 1, note)
    assert len(set(told)) > 3
    assert told == sorted(told)
    assert sum(sum(point.counts.values()) for point in result.points) == 150


def test_a_worker_that_dies_is_an_error(stub: Stub) -> None:
    """Half a result is never shown as a whole one."""
    killed: list[int] = []

    def kill_first(state: Run) -> None:
        if state.tally.sent and not killed:
            for process in multiprocessing.active_children():
                killed.append(process.pid or 0)
                process.kill()

    with pytest.raises(PlatformError, match="a sending process ended with status -9"):
        run(make_job(stub, steady(50, 30)), 1, kill_first)
