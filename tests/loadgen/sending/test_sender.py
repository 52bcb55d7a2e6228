"""Requests against a real server: each is sent as planned, and its result is counted exactly once."""

from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
from tests.fixtures.ports import ReservePort
from tests.fixtures.timing import Promised
from tests.loadgen.builders import KEYS, make_config, send, steady
from tests.loadgen.stub_server import ACCEPTED, Received, Reply, StubServer, refusal

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending import worker_main
from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.target import parse_target


def test_what_is_sent_is_what_the_plan_says(stub: StubServer) -> None:
    """The path, the tenant's API key, the content type and the body are those of the plan."""
    send(stub, steady(50, 1))
    plan = {
        request.events[0].key: request.events[0]
        for request in worker_main.assigned_requests(make_config(stub, steady(50, 1)))
    }
    assert {request.key for request in stub.received} == plan.keys()
    for request in stub.received:
        assert request.path == "/events"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-api-key"] == KEYS[plan[request.key].tenant]
        assert request.body == plan[request.key].body


def test_every_result_is_counted_once(stub: StubServer) -> None:
    """Accepted, duplicate, 409, 429, 400, 503, lost and foreign answers add up to what was sent."""
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
    counters = send(stub, steady(80, 2)).counters
    assert counters.sent == 160
    assert Counter({name: counters.count(name) for name in Outcome}) == Counter(
        {
            Outcome.ACCEPTED: 20,
            Outcome.DUPLICATE: 20,
            Outcome.IN_PROGRESS: 20,
            Outcome.RATE_LIMITED: 20,
            Outcome.INVALID: 20,
            Outcome.FAILED: 60,
        }
    )
    assert counters.answers["no answer: connection lost"] == 20
    assert counters.answers["502 not the platform's answer"] == 20


@pytest.mark.timing
def test_a_server_that_never_answers_times_out(stub: StubServer, promised: Promised) -> None:
    """Each request fails after its time-out, and the run ends soon after the last one."""
    stub.answer = lambda _request: Reply(after_seconds=60)

    def run_once() -> LoadRun:
        result = send(stub, steady(20, 1), timeout_seconds=0.5)
        assert result.counters.answers == {"no answer: timed out": 20}
        assert result.counters.latency.percentile(50) >= 0.5
        return result

    promised.within(0.8, lambda: run_once().counters.latency.percentile(50), "a request")
    promised.within(3, lambda: run_once().elapsed_seconds, "the run")


def test_where_nothing_listens_nothing_was_delivered(stub: StubServer, reserve_port: ReservePort) -> None:
    """A refused connection is distinguished from a lost answer."""
    config = replace(make_config(stub, steady(20, 1)), target=parse_target(f"http://127.0.0.1:{reserve_port()}", KEYS))
    counters = run_load(config, 1, lambda _run: None).counters
    assert counters.answers == {"no answer: no connection": 20}


def test_retries_come_with_the_same_key_and_body(stub: StubServer) -> None:
    """With --retry, 503, 409 and a lost connection are retried; 400 is final."""
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
    counters = send(stub, steady(40, 1), retries=True).counters
    assert (counters.sent, counters.retries) == (40, 30)
    assert (counters.count(Outcome.ACCEPTED), counters.count(Outcome.INVALID)) == (30, 10)
    assert all(len(each) == 1 for each in bodies.values())


@pytest.mark.timing
def test_retry_after_is_waited_for(stub: StubServer, promised: Promised) -> None:
    """The retry comes a second later at the earliest; latency includes it, the service time of one attempt does not."""

    def longest_attempt_seconds() -> float:
        limited: set[str] = set()

        def limit_first(request: Received) -> Reply:
            if request.key in limited:
                return ACCEPTED
            limited.add(request.key)
            return refusal(429, "RATE_LIMITED", Retry_After="1")

        stub.answer = limit_first
        counters = send(stub, steady(10, 1), retries=True).counters
        assert counters.count(Outcome.ACCEPTED) == 10
        assert counters.latency.percentile(1) >= 1.0
        return counters.service_time.max

    promised.within(0.5, longest_attempt_seconds)


@pytest.mark.timing
def test_waiting_for_a_connection_is_counted(stub: StubServer, promised: Promised) -> None:
    """The wait is in the latency, not in the service time."""
    stub.answer = lambda _request: Reply(after_seconds=0.2)

    def median_service_seconds() -> float:
        counters = send(stub, steady(50, 1), connections=5).counters
        assert counters.waited > 20
        assert counters.sent == 50
        assert counters.latency.max > 0.5
        return counters.service_time.percentile(50)

    promised.within(0.3, median_service_seconds)


def test_each_item_of_a_batch_has_its_own_result(stub: StubServer) -> None:
    """A rate-limited item counts as rate-limited in an accepted batch."""

    def answer(request: Received) -> Reply:
        assert request.path == "/events/batch"
        items = request.body.count(b'"idempotency_key"')
        accepted = {"status": "accepted", "request_id": "req_1", "duplicate": False}
        limited = {"status": "rejected", "error": {"code": "RATE_LIMITED", "message": ""}}
        results = [accepted] * (items - 1) + [limited]
        return Reply(202, {"accepted": items - 1, "duplicates": 0, "rejected": 1, "results": results})

    stub.answer = answer
    config = replace(make_config(stub, steady(100, 1), as_batches=True), batch_size=10)
    counters = run_load(config, 1, lambda _run: None).counters
    assert counters.sent == 100
    assert counters.count(Outcome.RATE_LIMITED) == len(stub.received)
    assert counters.count(Outcome.ACCEPTED) == 100 - len(stub.received)
