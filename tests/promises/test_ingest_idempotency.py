"""P1, P3: a 202 is true, and one key is one event, whatever happens to the service or to its answers."""

import hashlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.fixtures.ingest_client import EVENT, MakeProducer, Producer, Published, code, new_key
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService
from tests.fixtures.waiting import eventually

from event_platform.core import redis
from event_platform.core.errors import UnavailableError
from event_platform.core.settings import Settings

LEASE_SECONDS = 10
QUOTA = {"RATE_LIMIT_PER_MIN": 1_000_000}
"""So that asking again and again is not limited."""


@pytest.mark.parametrize("workers", [1, 2])
def test_concurrent_posts_of_one_key(
    run_service: RunService, producer_of: MakeProducer, raw_topic: RawTopic, workers: int
) -> None:
    """Of 50 concurrent posts of one key one is new, the rest are duplicates or told to wait, and one row is stored."""
    producer = producer_of(run_service("ingest", "--workers", str(workers), **QUOTA))
    run_service("processor")
    key = new_key()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post_alone(producer, key), range(50)))
    accepted = [answer.json() for answer in answers if answer.status_code == 202]
    assert [answer["duplicate"] for answer in accepted].count(False) == 1
    assert len({answer["request_id"] for answer in accepted}) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert producer.post(key).json()["duplicate"] is True
    raw_topic.await_processed()
    assert raw_topic.query("SELECT 'req_' || id FROM events WHERE idempotency_key = %s", key) == [
        (accepted[0]["request_id"],)
    ]


def post_alone(producer: Producer, key: str) -> httpx.Response:
    """A post over a connection of its own."""
    return httpx.post(f"{producer.service.url}/events", json=EVENT, headers=producer.headers(key), timeout=15)


def test_killed_after_the_claim(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    settings: Settings,
    raw_topic: RawTopic,
) -> None:
    """SIGKILL between claim and acknowledgement: when the lease is over a retry is accepted, and one row is stored."""
    service, key = run_service("ingest", **QUOTA), new_key()
    run_service("processor")
    servers.pause("kafka")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post_alone, producer_of(service), key)
        eventually(lambda: claimed_id(settings, key) is not None)
        first_id = claimed_id(settings, key)
        service.kill()
        assert isinstance(answer.exception(), httpx.TransportError)
    servers.resume("kafka")
    producer = producer_of(run_service("ingest", **QUOTA))
    response = producer.post(key)
    assert (response.status_code, code(response)) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert response.headers["retry-after"] == "1"
    eventually(lambda: producer.post(key).status_code == 202, LEASE_SECONDS + 5)
    assert producer.post(key).json() == {"status": "accepted", "request_id": first_id, "duplicate": True}
    assert_one_row(raw_topic, key, first_id)


def test_killed_after_the_acknowledgement(  # noqa: PLR0913, PLR0917 - each is a fixture
    run_service: RunService,
    producer_of: MakeProducer,
    environment: dict[str, str],
    proxy: MakeProxy,
    raw_topic: RawTopic,
    published: Published,
) -> None:
    """SIGKILL after Kafka has it and before Redis knows: the retry has the same id, and one row is stored."""
    redis_proxy = proxy_of_redis(proxy, environment)
    service, key = run_service("ingest", REDIS_URL=through(redis_proxy, environment), **QUOTA), new_key()
    redis_proxy.swallow_replies()
    run_service("processor")
    answer = producer_of(service).post(key)
    assert answer.status_code == 202
    service.kill()
    assert len(published.of_key(key)) == 1
    producer = producer_of(run_service("ingest", **QUOTA))
    eventually(lambda: producer.post(key).status_code == 202, LEASE_SECONDS + 5)
    messages = published.of_key(key)
    assert {message["request_id"] for message in messages} == {answer.json()["request_id"]}
    assert_one_row(raw_topic, key, answer.json()["request_id"])


def test_confirmation_lost(
    run_service: RunService,
    producer_of: MakeProducer,
    environment: dict[str, str],
    proxy: MakeProxy,
    raw_topic: RawTopic,
) -> None:
    """Redis is away between claim and confirmation: the producer has its 202, and later a retry is a duplicate."""
    redis_proxy = proxy_of_redis(proxy, environment)
    service, key = run_service("ingest", REDIS_URL=through(redis_proxy, environment), **QUOTA), new_key()
    run_service("processor")
    redis_proxy.swallow_replies()
    answer = producer_of(service).post(key)
    assert answer.json()["duplicate"] is False
    redis_proxy.cut()
    redis_proxy.heal()
    producer = producer_of(service)
    eventually(lambda: producer.post(key).json() == answer.json() | {"duplicate": True}, LEASE_SECONDS + 5)
    assert_one_row(raw_topic, key, answer.json()["request_id"])


def test_late_arrival_with_a_refusal_between(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    raw_topic: RawTopic,
) -> None:
    """A publication that timed out arrives after all, and a retry was refused meanwhile: one id, one row."""
    service, key = run_service("ingest", **QUOTA), new_key()
    run_service("processor")
    producer = producer_of(service)
    servers.pause("kafka")
    first = producer.post(key)
    assert (first.status_code, code(first)) == (503, "UNAVAILABLE")
    assert producer.post(key).status_code == 503
    servers.resume("kafka")
    eventually(lambda: producer.post(key).status_code == 202, 20)
    assert producer.post(key).json()["duplicate"] is True
    assert_one_row(raw_topic, key, producer.post(key).json()["request_id"])


def test_client_gone(run_service: RunService, producer_of: MakeProducer, published: Published) -> None:
    """A client that hangs up strands nothing: not in the midst of its body, and not before its answer."""
    service = run_service("ingest", **QUOTA)
    producer, key, body = producer_of(service), new_key(), json.dumps(EVENT).encode()
    head = (
        f"POST /events HTTP/1.1\r\nHost: x\r\nX-API-Key: key_a\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    for sent in (head + body[:20], head[:50]):
        with socket.create_connection(("127.0.0.1", httpx.URL(service.url).port or 0)) as connection:
            connection.sendall(sent)
    assert producer.post(key).json()["duplicate"] is False
    other = new_key()
    with socket.create_connection(("127.0.0.1", httpx.URL(service.url).port or 0)) as connection:
        connection.sendall(head.replace(key.encode(), other.encode()) + body)
    eventually(lambda: len(published.of_key(other)) == 1)
    eventually(lambda: producer.post(other).json()["duplicate"] is True)


def claimed_id(settings: Settings, key: str) -> str | None:
    """The request id in the record of tenant_a's key."""
    client = redis.connect(settings)
    record = client.get(f"idem:{{tenant_a}}:{hashlib.sha256(key.encode()).hexdigest()}")
    client.close()
    return f"req_{record[51:87].decode()}" if isinstance(record, bytes) else None


def assert_one_row(raw_topic: RawTopic, key: str, request_id: str | None) -> None:
    """Exactly one row has the key, and its id is the one that the producer was told."""
    eventually(lambda: is_processed(raw_topic), 60)
    rows = raw_topic.query("SELECT 'req_' || id FROM events WHERE idempotency_key = %s", key)
    assert rows == [(request_id,)]


def is_processed(raw_topic: RawTopic) -> bool:
    """Whether every message was; a Kafka that has just come back may not say yet."""
    try:
        return raw_topic.is_processed()
    except UnavailableError:
        return False


def proxy_of_redis(proxy: MakeProxy, environment: dict[str, str]) -> Proxy:
    """A proxy to the module's Redis."""
    return proxy("127.0.0.1", int(environment["REDIS_URL"].rsplit(":", 1)[1].partition("/")[0]))


def through(redis_proxy: Proxy, environment: dict[str, str]) -> str:
    """The URL of the module's Redis through a proxy."""
    head, _, tail = environment["REDIS_URL"].rpartition(":")
    return f"{head}:{redis_proxy.port}/{tail.partition('/')[2]}"
