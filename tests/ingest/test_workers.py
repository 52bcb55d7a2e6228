"""``--workers 2``: one process may die, and counters are those of all."""

import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
from tests.fixtures.ingest_client import MakeProducer, Producer, new_key
from tests.fixtures.processes import command_of
from tests.fixtures.recorded_answers import RecordedAnswers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually


def processes(service: Service) -> set[int]:
    """Those that accept; multiprocessing has another child of its own."""
    return {child.pid for child in psutil.Process(service.pid).children() if "spawn_main" in command_of(child)}


def post_alone(producer: Producer, key: str) -> int | None:
    """The status over a connection of its own; None where there was no answer."""
    try:
        return httpx.post(
            f"{producer.service.url}/events", json={}, headers=producer.headers(key), timeout=DEADLINE_SECONDS
        ).status_code
    except httpx.TransportError:
        return None


def test_one_killed(run_service: RunService, producer_of: MakeProducer, recorded_answers: RecordedAnswers) -> None:
    """A process that is killed is replaced, the other one goes on answering, and nothing acknowledged is lost."""
    service = run_service("ingest", "--workers", "2", RATE_LIMIT_PER_MIN=1_000_000)
    producer = producer_of(service)
    eventually(lambda: service.log().count("accepting events") == 2, "both processes to accept")
    before = processes(service)
    assert len(before) == 2
    for _ in range(20):
        assert recorded_answers.post(producer, new_key()).status_code == 202
    psutil.Process(min(before)).send_signal(signal.SIGKILL)
    eventually(lambda: min(before) not in processes(service), "the killed process to be gone")
    assert [post_alone(producer, new_key()) for _ in range(10)] == [202] * 10
    eventually(lambda: len(processes(service) - before) == 1, "another process")
    assert "a worker died; starting it again" in service.log()
    eventually(lambda: service.log().count("accepting events") == 3, "the other process to accept")
    assert recorded_answers.post(producer_of(service), new_key()).status_code == 202
    recorded_answers.reconcile()


def samples(service: Service) -> dict[str, float]:
    """Every sample of a scrape that is not zero, by its name and labels."""
    lines = service.metrics().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs if float(value)}


def test_metrics(run_service: RunService, producer_of: MakeProducer) -> None:
    """Whichever process is scraped tells the sums over both, requests and items apart, gauges too."""
    service = run_service("ingest", "--workers", "2", API_KEYS="counted:key_c", RATE_LIMIT_PER_MIN=60)
    eventually(lambda: service.log().count("accepting events") == 2, "both processes to accept")
    producer, key = producer_of(service, "key_c"), new_key()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: post_alone(producer, new_key()), range(40))) == {202}
    producer.post(key, {})
    producer.post(key, {})
    producer.post(key, {"a": 1})
    producer.post(None)
    producer_of(service, "key_wrong").post(new_key())
    producer.post_batch([{"idempotency_key": new_key(), "event": {}}, {"idempotency_key": key, "event": {}}, 1])
    producer.post_batch([{"idempotency_key": new_key(), "event": {}} for _ in range(20)])
    found = samples(service)
    outcomes = {name.split('"')[1]: value for name, value in found.items() if name.startswith("ingest_requests_total{")}
    assert outcomes == {
        "ACCEPTED": 41,
        "DUPLICATE": 1,
        "IDEMPOTENCY_KEY_REUSED": 1,
        "MISSING_IDEMPOTENCY_KEY": 1,
        "UNAUTHORIZED": 1,
        "BATCH": 2,
    }
    items = {name.split('"')[1]: value for name, value in found.items() if name.startswith("ingest_batch_items_total{")}
    assert items == {"ACCEPTED": 14, "DUPLICATE": 1, "INVALID_EVENT": 1, "RATE_LIMITED": 7}
    assert found["ingest_request_seconds_count"] == 47
    assert found['ingest_request_seconds_bucket{le="+Inf"}'] == 47
    assert 0 < found["ingest_request_seconds_sum"] < 60
    assert found["ingest_kafka_seconds_count"] == 41 + 2
    assert "ingest_in_flight" not in found
    for _ in range(5):
        assert samples(service)['ingest_requests_total{outcome="ACCEPTED"}'] == 41
