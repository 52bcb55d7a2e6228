"""P1, P4, P10: during outages of Kafka or Redis every request is answered in time, and ingest recovers by itself."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from redis import Redis, RedisError
from tests.fixtures.ingest_client import MakeProducer, claimed_id, code, new_key, redis_of, skip_if_redis_timed_out
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.recorded_answers import RecordedAnswers
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually

from event_platform.core.settings.model import Settings

ANSWER_SECONDS = 6.0
QUOTA = {"RATE_LIMIT_PER_MIN": 1_000_000}

# `now`: around midnight UTC a copy may rightly be stored twice (P3).
pytestmark = pytest.mark.usefixtures("loud_outages", "now")


@pytest.fixture
def redis_client(settings: Settings) -> Iterator[Redis]:
    """A client of the module's Redis database."""
    client = redis_of(settings)
    yield client
    client.close()


def health(service: Service) -> tuple[int, str, dict[str, dict[str, str]]]:
    """Return HTTP status, overall status, and the entries by dependency."""
    response = service.get("/health")
    body = response.json()
    return response.status_code, body["status"], {each["name"]: each for each in body["dependencies"]}


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_kafka_unavailable(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    recorded_answers: RecordedAnswers,
    fault: str,
) -> None:
    """No 202 and no readiness while Kafka is unavailable; after it, a retry with the same key is accepted."""
    service = run_service("ingest", **QUOTA)
    producer, keys = producer_of(service), [new_key() for _ in range(20)]
    getattr(servers, fault)("kafka")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda key: recorded_answers.post(producer, key), keys))
    for response in answers:
        assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
        assert response.headers["retry-after"] == "1"
    eventually(lambda: health(service)[:2] == (503, "down"), "readiness to fail")
    assert health(service)[2]["kafka"]["error"]
    servers.restore()
    for key in keys:
        eventually(partial(recorded_answers.accepted, producer, key), "a retry to be accepted")
        assert recorded_answers.post(producer, key).json()["duplicate"] is True
    assert recorded_answers.reconcile().groups["acknowledged"].stored == 20
    eventually(lambda: health(service)[:2] == (200, "ok"), "readiness")


def test_kafka_unavailable_at_start(
    run_service: RunService, servers: RunningServers, producer_of: MakeProducer
) -> None:
    """The service starts without Kafka, is not ready, and becomes ready when Kafka starts."""
    servers.pause("kafka")
    service = run_service("ingest", wait_until_ready=False)
    eventually(lambda: _answers(service), "the service to answer")
    assert health(service)[:2] == (503, "down")
    servers.resume("kafka")
    eventually(lambda: health(service)[:2] == (200, "ok"), "readiness")
    eventually(lambda: producer_of(service).post(new_key()).status_code == 202, "an event to be accepted")


def _answers(service: Service) -> bool:
    try:
        return service.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_redis_unavailable(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    recorded_answers: RecordedAnswers,
    fault: str,
) -> None:
    """Without Redis events are accepted, and health is degraded since then."""
    service = run_service("ingest", **QUOTA)
    producer, copied = producer_of(service), new_key()
    getattr(servers, fault)("redis")
    assert [recorded_answers.post(producer, copied).status_code for _ in range(2)] == [202, 202]
    eventually(lambda: health(service)[:2] == (200, "degraded"), "degraded health")
    entry = health(service)[2]["redis"]
    assert entry["status"] == "down"
    assert entry["since"].endswith("Z")
    servers.restore()
    eventually(lambda: health(service)[:2] == (200, "ok"), "readiness")
    key = new_key()
    with skip_if_redis_timed_out(service):
        assert [recorded_answers.post(producer, key).json()["duplicate"] for _ in range(2)] == [False, True]
    report = recorded_answers.reconcile()
    assert (report.groups["acknowledged"].stored, report.acknowledged_again) == (2, 1)


def test_redis_unavailable_and_reject(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    settings: Settings,
    recorded_answers: RecordedAnswers,
) -> None:
    """With REDIS_OUTAGE=reject nothing is accepted without Redis, and no claim stays pending."""
    service = run_service("ingest", REDIS_OUTAGE="reject", **QUOTA)
    producer, key, lost = producer_of(service), new_key(), new_key()
    # What a process asks first it only asks for the data's epoch; nothing of that is done.
    eventually(lambda: recorded_answers.accepted(producer, new_key()), "an event to be accepted")
    servers.pause("redis")
    # Of the first one the claim was sent, and is made when Redis goes on.
    for each in (lost, key):
        response = recorded_answers.post(producer, each)
        assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    assert health(service)[0] == 503
    servers.resume("redis")
    eventually(lambda: health(service)[0] == 200, "readiness")
    eventually(lambda: recorded_answers.accepted(producer, key), "a retry to be accepted")
    assert recorded_answers.post(producer, key).json()["duplicate"] is True
    eventually(lambda: claimed_id(settings, lost) is None, "the claim to be released")
    recorded_answers.reconcile()
    assert recorded_answers.state_of(lost).stored == 0


def test_redis_flushed_and_script_forgotten(
    run_service: RunService, producer_of: MakeProducer, redis_client: Redis
) -> None:
    """A Redis that lost its data and the script is usable at once."""
    producer = producer_of(run_service("ingest", **QUOTA))
    producer.post(new_key())
    redis_client.flushdb()
    redis_client.script_flush()
    key = new_key()
    with skip_if_redis_timed_out(producer.service):
        assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]


def test_redis_full(run_service: RunService, producer_of: MakeProducer, redis_client: Redis) -> None:
    """A Redis that rejects writes counts as unavailable until it accepts them."""
    service = run_service("ingest", **QUOTA)
    producer = producer_of(service)
    redis_client.config_set("maxmemory", "1")
    try:
        eventually(lambda: health(service)[1] == "degraded", "degraded health")
        assert producer.post(new_key()).status_code == 202
    finally:
        eventually(lambda: _takes_writes(redis_client), "Redis to take writes")
    eventually(lambda: health(service)[1] == "ok", "recovery")


def _takes_writes(redis_client: Redis) -> bool:
    try:
        return bool(redis_client.config_set("maxmemory", "0"))
    except RedisError:
        return False


def test_both_stuck(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, recorded_answers: RecordedAnswers
) -> None:
    """With Kafka and Redis stuck, an event and a batch get their documented responses; both recover."""
    producer = producer_of(run_service("ingest", **QUOTA))
    servers.pause("redis")
    servers.pause("kafka")
    with ThreadPoolExecutor(2) as pool:
        batch = pool.submit(recorded_answers.post_batch, producer, [new_key() for _ in range(10)])
        for response in (recorded_answers.post(producer, new_key()), batch.result()):
            assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    servers.restore()
    recorded_answers.reconcile()


@pytest.mark.timing
@pytest.mark.parametrize(
    ("fault", "away"),
    [
        ("pause", ("kafka",)),
        ("kill", ("kafka",)),
        ("pause", ("redis",)),
        ("kill", ("redis",)),
        ("pause", ("redis", "kafka")),
    ],
)
def test_every_response_comes_in_time(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    promised: Promised,
    fault: str,
    away: tuple[str, ...],
) -> None:
    """20 events and a batch at once are answered in time, whatever is killed or stuck."""

    def slowest_seconds() -> float:
        servers.restore()
        producer = producer_of(run_service("ingest", **QUOTA))
        for name in away:
            getattr(servers, fault)(name)
        batch = [{"idempotency_key": new_key(), "event": {}} for _ in range(10)]
        posts = [*[partial(producer.post, new_key()) for _ in range(20)], partial(producer.post_batch, batch)]
        with ThreadPoolExecutor(len(posts)) as pool:
            return max(pool.map(_seconds_of, posts))

    promised.within(ANSWER_SECONDS, slowest_seconds)


@pytest.mark.timing
@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_only_the_first_request_waits_for_redis(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, promised: Promised, fault: str
) -> None:
    """Only the first request waits for a Redis that is unavailable."""

    def second_seconds() -> float:
        servers.restore()
        producer = producer_of(run_service("ingest", **QUOTA))
        getattr(servers, fault)("redis")
        assert producer.post(new_key()).status_code == 202
        return _seconds_of(partial(producer.post, new_key()))

    promised.within(0.5, second_seconds)


def _seconds_of(post: Callable[[], httpx.Response]) -> float:
    started = time.monotonic()
    post()
    return time.monotonic() - started


def test_batch_without_kafka(
    run_service: RunService, producer_of: MakeProducer, servers: RunningServers, recorded_answers: RecordedAnswers
) -> None:
    """A batch of which nothing was acknowledged gets a 503, and is accepted when it is retried."""
    producer = producer_of(run_service("ingest", **QUOTA))
    keys = [new_key() for _ in range(50)]
    servers.pause("kafka")
    response = recorded_answers.post_batch(producer, keys)
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    servers.resume("kafka")
    eventually(
        lambda: recorded_answers.post_batch(producer, keys).json().get("rejected") == 0, "the batch to be accepted"
    )
    assert recorded_answers.reconcile().groups["acknowledged"].stored == 50


def test_start_with_slow_redis(
    run_service: RunService, producer_of: MakeProducer, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """The first request after a start waits for the first attempt to connect to Redis."""
    slow = proxy(environment["REDIS_URL"])
    slow.delay(0.05)
    service = run_service("ingest", REDIS_URL=slow.url, REDIS_OUTAGE="reject", wait_until_ready=False, **QUOTA)
    eventually(lambda: _answers(service), "the service to answer")
    with skip_if_redis_timed_out(service):
        assert producer_of(service).post(new_key()).status_code == 202


def test_slow_redis(
    run_service: RunService, producer_of: MakeProducer, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """A Redis that takes 0.1 s delays responses and breaks nothing."""
    slow = proxy(environment["REDIS_URL"])
    producer = producer_of(run_service("ingest", REDIS_URL=slow.url, **QUOTA))
    slow.delay(0.05)
    key = new_key()
    with skip_if_redis_timed_out(producer.service):
        assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]


def test_sigterm_finishes_accepted_requests(
    run_service: RunService,
    producer_of: MakeProducer,
    servers: RunningServers,
    recorded_answers: RecordedAnswers,
    settings: Settings,
) -> None:
    """On SIGTERM a running request is answered first, and the exit status is 0."""

    def is_accepted() -> bool:
        service, key = run_service("ingest", **QUOTA), new_key()
        producer = producer_of(service)
        servers.pause("kafka")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(recorded_answers.post, producer, key)
            eventually(lambda: claimed_id(settings, key) is not None, "the claim")
            service.process.terminate()
            servers.resume("kafka")
            # It always has an answer; 503 where a busy Kafka did not acknowledge it in time.
            status: int = answer.result().status_code
        assert service.wait_until_ended() == 0
        assert status in {202, 503}
        return status == 202

    eventually(is_accepted, "a response after the acknowledgement")
    recorded_answers.reconcile()
