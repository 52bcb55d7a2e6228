"""P1, P4, P10: without Kafka or Redis every request has its documented answer in time, and all heals by itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from redis import Redis
from tests.fixtures.ingest_client import MakeProducer, Producer, Published, code, new_key
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core import redis
from event_platform.core.settings import Settings

ANSWER_SECONDS = 6.5
QUOTA = {"RATE_LIMIT_PER_MIN": 1_000_000}


@pytest.fixture
def redis_client(settings: Settings) -> Iterator[Redis]:
    """The module's Redis database."""
    client = redis.connect(settings)
    yield client
    client.close()


def health(service: Service) -> tuple[int, str, dict[str, dict[str, str]]]:
    """Status, word, and the entries by their dependency's name."""
    response = httpx.get(f"{service.url}/health", timeout=5)
    body = response.json()
    return response.status_code, body["status"], {each["name"]: each for each in body["dependencies"]}


def timed_post(producer: Producer, key: str) -> tuple[httpx.Response, float]:
    """The answer, and the seconds it took."""
    started = time.monotonic()
    response = httpx.post(f"{producer.service.url}/events", json={}, headers=producer.headers(key), timeout=15)
    return response, time.monotonic() - started


def is_accepted(producer: Producer, key: str) -> bool:
    """Whether an event with that key is accepted now."""
    return producer.post(key, {}).status_code == 202


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_kafka_away(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, published: Published, fault: str
) -> None:
    """Never a 202 while Kafka is away; the same key is accepted once it is back; readiness is red meanwhile."""
    service = run_service("ingest", **QUOTA)
    producer, keys = producer_of(service), [new_key() for _ in range(20)]
    getattr(servers, fault)("kafka")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda key: timed_post(producer, key), keys))
    for response, seconds in answers:
        assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
        assert response.headers["retry-after"] == "1"
        assert seconds < ANSWER_SECONDS
    eventually(lambda: health(service)[:2] == (503, "down"))
    assert health(service)[2]["kafka"]["error"]
    servers.restore()
    for key in keys:
        eventually(partial(is_accepted, producer, key), 30)
        assert producer.post(key, {}).json()["duplicate"] is True
    assert all(len({message["request_id"] for message in published.of_key(key)}) == 1 for key in keys[:3])
    eventually(lambda: health(service)[:2] == (200, "ok"), 20)


def test_kafka_away_at_start(run_service: RunService, servers: RunningServers, producer_of: MakeProducer) -> None:
    """Without Kafka the service starts, says that it is not ready, and becomes so."""
    servers.pause("kafka")
    service = run_service("ingest", wait_until_ready=False)
    eventually(lambda: _answers(service), 20)
    assert health(service)[:2] == (503, "down")
    servers.resume("kafka")
    eventually(lambda: health(service)[:2] == (200, "ok"), 20)
    assert producer_of(service).post(new_key()).status_code == 202


def _answers(service: Service) -> bool:
    try:
        return httpx.get(f"{service.url}/livez", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_redis_away(run_service: RunService, producer_of: MakeProducer, servers: RunningServers, fault: str) -> None:
    """Without Redis events are accepted, health is degraded with since-when, and only the first request waits."""
    service = run_service("ingest", **QUOTA)
    producer = producer_of(service)
    getattr(servers, fault)("redis")
    _, first_seconds = timed_post(producer, new_key())
    assert first_seconds < ANSWER_SECONDS
    response, seconds = timed_post(producer, new_key())
    assert response.status_code == 202
    assert seconds < 1.5
    status, word, entries = health(service)
    assert (status, word, entries["redis"]["status"]) == (200, "degraded", "down")
    assert entries["redis"]["since"].endswith("Z")
    servers.restore()
    eventually(lambda: health(service)[:2] == (200, "ok"))
    key = new_key()
    assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]


def test_redis_away_and_reject(run_service: RunService, producer_of: MakeProducer, servers: RunningServers) -> None:
    """With REDIS_OUTAGE=reject nothing is accepted without Redis, and no claim is stranded by it."""
    service = run_service("ingest", REDIS_OUTAGE="reject", **QUOTA)
    producer, key = producer_of(service), new_key()
    servers.pause("redis")
    response = producer.post(key)
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    assert health(service)[0] == 503
    servers.resume("redis")
    eventually(lambda: health(service)[0] == 200)
    eventually(lambda: producer.post(key).status_code == 202, 5)
    assert producer.post(key).json()["duplicate"] is True


def test_redis_flushed_and_script_forgotten(
    run_service: RunService, producer_of: MakeProducer, redis_client: Redis
) -> None:
    """A Redis that has forgotten data and script serves on at once."""
    producer = producer_of(run_service("ingest"))
    producer.post(new_key())
    redis_client.flushdb()
    redis_client.script_flush()
    key = new_key()
    assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]


def test_redis_full(run_service: RunService, producer_of: MakeProducer, redis_client: Redis) -> None:
    """A Redis that takes no writes is as one that is away, until it takes them again."""
    service = run_service("ingest", **QUOTA)
    producer = producer_of(service)
    redis_client.config_set("maxmemory", "1")
    try:
        assert producer.post(new_key()).status_code == 202
        eventually(lambda: health(service)[1] == "degraded")
    finally:
        redis_client.config_set("maxmemory", "0")
    eventually(lambda: health(service)[1] == "ok")


def test_both_hung(run_service: RunService, producer_of: MakeProducer, servers: RunningServers) -> None:
    """With both hung the answer comes in time too."""
    producer = producer_of(run_service("ingest", **QUOTA))
    servers.pause("redis")
    servers.pause("kafka")
    response, seconds = timed_post(producer, new_key())
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    assert seconds < ANSWER_SECONDS + 1


def test_batch_without_kafka(run_service: RunService, producer_of: MakeProducer, servers: RunningServers) -> None:
    """A batch of which nothing was acknowledged is 503 as a whole, and accepted when it comes again."""
    producer = producer_of(run_service("ingest", **QUOTA))
    items = [{"idempotency_key": new_key(), "event": {}} for _ in range(50)]
    servers.pause("kafka")
    response = producer.post_batch(items)
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    servers.resume("kafka")
    eventually(lambda: producer.post_batch(items).json().get("rejected") == 0, 20)


def test_slow_redis(
    run_service: RunService, producer_of: MakeProducer, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """A Redis that takes 0.3 s delays answers and breaks nothing."""
    head, _, tail = environment["REDIS_URL"].rpartition(":")
    port, _, database = tail.partition("/")
    slow = proxy("127.0.0.1", int(port))
    producer = producer_of(run_service("ingest", REDIS_URL=f"{head}:{slow.port}/{database}"))
    slow.delay(0.15)
    key = new_key()
    assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]


def test_sigterm_finishes_what_was_accepted(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers
) -> None:
    """SIGTERM amid a request: it is answered first, and the exit status is 0."""
    service = run_service("ingest", **QUOTA)
    producer = producer_of(service)
    servers.pause("kafka")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(timed_post, producer, new_key())
        time.sleep(0.3)
        service.process.terminate()
        servers.resume("kafka")
        assert answer.result()[0].status_code in {202, 503}
    assert service.process.wait(15) == 0
