"""P1, P3: a 202 is true and one key is one event, whatever happens to the service or its responses."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from tests.fixtures.ingest_client import (
    EVENT,
    MakeProducer,
    Producer,
    Published,
    claimed_id,
    code,
    has_outcome,
    is_confirmed,
    new_key,
    skip_if_redis_timed_out,
)
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.recorded_answers import RecordedAnswers
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually, let_pass

from event_platform.core.settings.model import Settings
from event_platform.ingest.publisher import DELIVERY_WAIT_SECONDS

LEASE_SECONDS = 10
# `now`: around midnight UTC a copy may rightly be stored twice (P3).
pytestmark = pytest.mark.usefixtures("loud_outages", "now")

QUOTA = {"RATE_LIMIT_PER_MIN": 1_000_000}
"""High enough for polling retries."""


@pytest.mark.parametrize("workers", [1, 2])
def test_concurrent_posts_of_one_key(
    run_service: RunService, producer_of: MakeProducer, recorded_answers: RecordedAnswers, workers: int
) -> None:
    """Of 50 concurrent posts of one key one is new, the others are duplicates or get a 409, and one row is stored."""
    service, key = run_service("ingest", "--workers", str(workers), **QUOTA), new_key()
    producer = producer_of(service)
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    with ThreadPoolExecutor(50) as pool, skip_if_redis_timed_out(service):
        answers = list(pool.map(lambda _: recorded_answers.post(producer, key), range(50)))
        accepted = [answer.json() for answer in answers if answer.status_code == 202]
        assert [answer["duplicate"] for answer in accepted].count(False) == 1
        assert len({answer["request_id"] for answer in accepted}) == 1
        assert {answer.status_code for answer in answers} <= {202, 409}
        assert recorded_answers.post(producer, key).json()["duplicate"] is True
    recorded_answers.reconcile()


def test_killed_after_the_claim(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    settings: Settings,
    recorded_answers: RecordedAnswers,
) -> None:
    """SIGKILL between claim and acknowledgement: a retry after the lease is accepted, and one row is stored."""
    producer = producer_of(run_service("ingest", **QUOTA))

    def killed() -> tuple[str, str, float] | None:
        service, key = run_service("ingest", **QUOTA), new_key()
        servers.pause("kafka")
        with ThreadPoolExecutor(1) as pool:
            claimed_after = time.monotonic()
            answer = pool.submit(recorded_answers.post, producer_of(service), key)
            first_id = eventually(lambda: answer.done() or claimed_id(settings, key), "the claim")
            service.kill()
            is_unanswered = isinstance(answer.exception(), httpx.TransportError)
        servers.resume("kafka")
        # On a busy machine it may have been answered before it was killed.
        return (key, str(first_id), claimed_after) if is_unanswered else None

    key, first_id, claimed_after = eventually(killed, "a service that is killed before it answered")
    response = recorded_answers.post(producer, key)
    # On a busy machine the lease may be over already.
    if time.monotonic() - claimed_after < LEASE_SECONDS:
        assert (response.status_code, code(response)) == (409, "IDEMPOTENCY_IN_PROGRESS")
        assert response.headers["retry-after"] == "1"
    eventually(lambda: recorded_answers.accepted(producer, key), "the lease to be over")
    again = recorded_answers.post(producer, key).json()
    assert again == {"status": "accepted", "request_id": first_id, "duplicate": True}
    recorded_answers.reconcile()


def test_killed_after_the_acknowledgement(
    run_service: RunService,
    producer_of: MakeProducer,
    unconfirmed: "Unconfirmed",
    recorded_answers: RecordedAnswers,
    published: Published,
) -> None:
    """SIGKILL between acknowledgement and confirmation: the retry has the same id, and one row is stored."""
    service, key, request_id = unconfirmed()
    service.kill()
    assert len(published.of_key(key)) == 1
    producer = producer_of(run_service("ingest", **QUOTA))
    eventually(lambda: recorded_answers.accepted(producer, key), "the lease to be over")
    assert {message["request_id"] for message in published.of_key(key)} == {request_id}
    recorded_answers.reconcile()


def test_confirmation_lost(
    producer_of: MakeProducer,
    unconfirmed: "Unconfirmed",
    redis_proxy: Proxy,
    settings: Settings,
    recorded_answers: RecordedAnswers,
) -> None:
    """A confirmation lost in a Redis outage is sent again after it, and the first retry is a duplicate."""
    service, key, request_id = unconfirmed()
    redis_proxy.cut()
    redis_proxy.heal()
    # Nobody asks meanwhile: who did after the lease would take the claim over, and confirm it.
    eventually(lambda: is_confirmed(settings, key), "the confirmation")
    with skip_if_redis_timed_out(service):
        again = recorded_answers.post(producer_of(service), key).json()
        assert again == {"status": "accepted", "request_id": request_id, "duplicate": True}
    recorded_answers.reconcile()


Unconfirmed = Callable[[], tuple[Service, str, str]]


@pytest.fixture
def unconfirmed(
    run_service: RunService,
    producer_of: MakeProducer,
    redis_proxy: Proxy,
    settings: Settings,
    recorded_answers: RecordedAnswers,
) -> Unconfirmed:
    """Return a service, a key that it claimed and acknowledged without replies of Redis, and the request id."""

    def attempt() -> tuple[Service, str, str] | None:
        redis_proxy.heal()
        service, key = run_service("ingest", REDIS_URL=redis_proxy.url, **QUOTA), new_key()
        producer = producer_of(service)
        recorded_answers.post(producer, new_key())
        redis_proxy.swallow_replies()
        answer = recorded_answers.post(producer, key)
        request_id = answer.json().get("request_id")
        # On a busy machine a service may have left Redis alone before the claim, or Kafka may be late.
        is_claimed = answer.status_code == 202 and claimed_id(settings, key) == request_id
        return (service, key, request_id) if is_claimed else None

    return lambda: eventually(attempt, "an acknowledgement without a confirmation")


def test_late_delivery_after_a_rejected_retry(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    published: Published,
    recorded_answers: RecordedAnswers,
) -> None:
    """A publication that timed out arrives after a retry was rejected: one id, one row."""
    service, key = run_service("ingest", **QUOTA), new_key()
    producer = producer_of(service)
    assert recorded_answers.post(producer, new_key()).status_code == 202
    servers.pause("kafka")
    first = recorded_answers.post(producer, key)
    assert (first.status_code, code(first)) == (503, "UNAVAILABLE")
    with full_queue(service, producer_of):
        eventually(lambda: is_rejected_at_once(recorded_answers, producer, key), "a retry to be rejected")
    servers.resume("kafka")
    eventually(lambda: recorded_answers.accepted(producer, key), "a retry to be accepted")
    eventually(lambda: recorded_answers.post(producer, key).json().get("duplicate"), "a retry to be a duplicate")
    recorded_answers.reconcile()
    copies = published.of_key(key)
    assert len(copies) > 1, "nothing arrived late"
    assert {copy["request_id"] for copy in copies} == {f"req_{recorded_answers.state_of(key).id}"}


PRODUCER_QUEUE = 20_000
"""Bound on records that wait for Kafka; a further one is rejected."""


def producer_queue(service: Service) -> float:
    """Return how many records wait for Kafka, by the metrics."""
    lines = service.metrics().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("ingest_producer_queue "))


@contextmanager
def full_queue(service: Service, producer_of: MakeProducer) -> Iterator[None]:
    """Fill the producer's queue, while Kafka does not answer."""
    is_over = threading.Event()

    def fill() -> None:
        producer = producer_of(service)
        while not is_over.is_set():
            producer.post_batch(batch_of_1_000())

    with ThreadPoolExecutor(PRODUCER_QUEUE // 1_000 + 1) as pool:
        filling = [pool.submit(fill) for _ in range(PRODUCER_QUEUE // 1_000 + 1)]
        try:
            eventually(lambda: producer_queue(service) > 0.99 * PRODUCER_QUEUE, "the producer's queue to be full")
            yield
        finally:
            is_over.set()
        for each in filling:
            each.result()


def is_rejected_at_once(recorded_answers: RecordedAnswers, producer: Producer, key: str) -> bool:
    """Post an event that must be rejected; tell whether it was before `DELIVERY_WAIT_SECONDS`, without Kafka."""
    started = time.monotonic()
    # On a busy machine the lease may be over already (409).
    assert recorded_answers.post(producer, key).status_code in {503, 409}
    return time.monotonic() - started < DELIVERY_WAIT_SECONDS


def batch_of_1_000() -> bytes:
    """Return a batch of 1,000 events with new keys."""
    items = (b'{"idempotency_key":"%b","event":{}}' % new_key().encode() for _ in range(1_000))
    return b'{"events":[' + b",".join(items) + b"]}"


HANG_UP = {"closed": struct.pack("ii", 0, 0), "reset": struct.pack("ii", 1, 0)}
"""SO_LINGER of a socket that closes normally, after which responses may still arrive, or with a reset."""


@pytest.mark.parametrize("end", HANG_UP)
def test_client_hangs_up(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    settings: Settings,
    recorded_answers: RecordedAnswers,
    end: str,
) -> None:
    """A client that closes its connection in its head, its body or before its response leaves no pending claim."""
    service = run_service("ingest", **QUOTA)
    producer, key, body = producer_of(service), new_key(), json.dumps(EVENT).encode()

    def head_of(key: str) -> bytes:
        return (
            f"POST /events HTTP/1.1\r\nHost: x\r\nX-API-Key: key_a\r\nIdempotency-Key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()

    for sent in (head_of(key) + body[:20], head_of(key)[:50]):
        with socket.create_connection(service.address) as connection:
            connection.sendall(sent)
    assert recorded_answers.post(producer, key).json()["duplicate"] is False

    def confirmed_without_client() -> tuple[str, str] | None:
        other = new_key()
        servers.pause("kafka")
        with socket.create_connection(service.address) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANG_UP[end])
            connection.sendall(head_of(other) + body)
            first_id = eventually(lambda: claimed_id(settings, other), "the claim")
        # Before Kafka answers the service has heard of it.
        let_pass(0.5)
        servers.resume("kafka")
        # Nobody asks meanwhile: who did after the lease would take the claim over, and confirm it.
        eventually(lambda: has_outcome(settings, other), "the claim's outcome")
        # A busy Kafka may not have acknowledged it in time.
        return (other, first_id) if is_confirmed(settings, other) else None

    other, first_id = eventually(confirmed_without_client, "an event to be confirmed whose client is gone")
    with skip_if_redis_timed_out(service):
        again = recorded_answers.post(producer, other).json()
        assert again == {"status": "accepted", "request_id": first_id, "duplicate": True}
    eventually(lambda: recorded_answers.state_of(other).stored == 1, "the event to be stored")


@pytest.fixture
def redis_proxy(proxy: MakeProxy, environment: dict[str, str]) -> Proxy:
    """Return a proxy to the module's Redis."""
    return proxy(environment["REDIS_URL"])
