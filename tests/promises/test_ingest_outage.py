"""P1, P4, P10: without Kafka or Redis every request has its documented answer in time, and all heals by itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from redis import Redis
from tests.fixtures.books import Books
from tests.fixtures.ingest_client import MakeProducer, Producer, claimed_id, code, new_key
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core import redis
from event_platform.core.settings import Settings

ANSWER_SECONDS = 6.0
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


def timed_post(books: Books, producer: Producer, key: str) -> tuple[httpx.Response, float]:
    """The answer, and the seconds it took."""
    started = time.monotonic()
    response = books.post(producer, key)
    return response, time.monotonic() - started


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_kafka_away(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books, fault: str
) -> None:
    """Never a 202 while Kafka is away; the same key is accepted once it is back; readiness is red meanwhile."""
    service = run_service("ingest", **QUOTA)
    producer, keys = producer_of(service), [new_key() for _ in range(20)]
    getattr(servers, fault)("kafka")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda key: timed_post(books, producer, key), keys))
    for response, seconds in answers:
        assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
        assert response.headers["retry-after"] == "1"
        assert seconds < ANSWER_SECONDS
    eventually(lambda: health(service)[:2] == (503, "down"))
    assert health(service)[2]["kafka"]["error"]
    servers.restore()
    for key in keys:
        eventually(partial(books.accepted, producer, key), 30)
        assert books.post(producer, key).json()["duplicate"] is True
    assert books.balance().rows["acknowledged"].stored == 20
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
def test_redis_away(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books, fault: str
) -> None:
    """Without Redis events are accepted, health is degraded with since-when, and only the first request waits."""
    service = run_service("ingest", **QUOTA)
    producer, copied = producer_of(service), new_key()
    getattr(servers, fault)("redis")
    _, first_seconds = timed_post(books, producer, copied)
    assert first_seconds < ANSWER_SECONDS
    response, seconds = timed_post(books, producer, copied)
    assert response.status_code == 202
    assert seconds < 1.5
    status, word, entries = health(service)
    assert (status, word, entries["redis"]["status"]) == (200, "degraded", "down")
    assert entries["redis"]["since"].endswith("Z")
    servers.restore()
    eventually(lambda: health(service)[:2] == (200, "ok"))
    key = new_key()
    assert [books.post(producer, key).json()["duplicate"] for _ in range(2)] == [False, True]
    sheet = books.balance()
    assert (sheet.rows["acknowledged"].stored, sheet.acknowledged_again) == (2, 1)


def test_redis_away_and_reject(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books
) -> None:
    """With REDIS_OUTAGE=reject nothing is accepted without Redis, and no claim is stranded by it."""
    service = run_service("ingest", REDIS_OUTAGE="reject", **QUOTA)
    producer, key, lost = producer_of(service), new_key(), new_key()
    servers.pause("redis")
    for each in (key, lost):
        response = books.post(producer, each)
        assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    assert health(service)[0] == 503
    servers.resume("redis")
    eventually(lambda: health(service)[0] == 200)
    eventually(lambda: books.accepted(producer, key), 5)
    assert books.post(producer, key).json()["duplicate"] is True
    books.balance()
    assert books.fate(lost).stored == 0


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
        eventually(lambda: health(service)[1] == "degraded")
        assert producer.post(new_key()).status_code == 202
    finally:
        redis_client.config_set("maxmemory", "0")
    eventually(lambda: health(service)[1] == "ok")


def test_both_hung(run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books) -> None:
    """With both hung every answer comes in time too, of a single event and of a batch."""
    producer = producer_of(run_service("ingest", **QUOTA))
    servers.pause("redis")
    servers.pause("kafka")
    with ThreadPoolExecutor(2) as pool:
        started = time.monotonic()
        batch = pool.submit(books.post_batch, producer, [new_key() for _ in range(10)])
        response, seconds = timed_post(books, producer, new_key())
        assert {response.status_code, batch.result().status_code} == {503}
        assert {code(response), code(batch.result())} == {"UNAVAILABLE"}
        assert max(seconds, time.monotonic() - started) < ANSWER_SECONDS
    servers.restore()
    books.balance()


def test_batch_without_kafka(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books
) -> None:
    """A batch of which nothing was acknowledged is 503 as a whole, and accepted when it comes again."""
    producer = producer_of(run_service("ingest", **QUOTA))
    keys = [new_key() for _ in range(50)]
    servers.pause("kafka")
    response = books.post_batch(producer, keys)
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    servers.resume("kafka")
    eventually(lambda: books.post_batch(producer, keys).json().get("rejected") == 0, 20)
    assert books.balance().rows["acknowledged"].stored == 50


def test_start_with_slow_redis(
    run_service: RunService, producer_of: MakeProducer, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """The first request after a start waits until Redis could be asked, instead of passing it by."""
    head, _, tail = environment["REDIS_URL"].rpartition(":")
    port, _, database = tail.partition("/")
    slow = proxy("127.0.0.1", int(port))
    slow.delay(0.15)
    url = f"{head}:{slow.port}/{database}"
    service = run_service("ingest", REDIS_URL=url, REDIS_OUTAGE="reject", wait_until_ready=False)
    eventually(lambda: _answers(service), 20)
    assert producer_of(service).post(new_key()).status_code == 202


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
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, books: Books, settings: Settings
) -> None:
    """SIGTERM amid a request: it is answered first, and the exit status is 0."""
    service, key = run_service("ingest", **QUOTA), new_key()
    producer = producer_of(service)
    servers.pause("kafka")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(books.post, producer, key)
        eventually(lambda: claimed_id(settings, key) is not None)
        service.process.terminate()
        servers.resume("kafka")
        assert answer.result().status_code == 202
    assert service.process.wait(15) == 0
    books.balance()
