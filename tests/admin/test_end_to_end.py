"""The admin API shows what the real processor stored."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer
from tests.admin.conftest import uuid7
from tests.fixtures.clock import now_before_midnight
from tests.fixtures.services import RunService
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core import envelope, request_ids
from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings

GOOD = (
    b'{"event_id":"e1","event_type":"login","schema_version":1,"occurred_at":"2026-01-02T20:00:00Z",'
    b'"payload":{"n":1.50}}'
)
BAD = b'{"event_id":"e2","schema_version":1,"occurred_at":"2026-01-02T20:00:00Z","payload":{}}'


@pytest.fixture(scope="module")
def now() -> datetime:
    """A moment whose day, in UTC, is not over before these tests are."""
    return now_before_midnight()


@pytest.fixture(scope="module")
def processed(run_service_for_module: RunService, settings: Settings, now: datetime) -> Iterator[httpx.Client]:
    """A client of the admin API, as soon as the processor has met a good event, a repeat of it, and a bad one."""
    admin = run_service_for_module("admin")
    producer = Producer(kafka.client_config(settings, "test"))
    for number, (key, event) in enumerate([("k1", GOOD), ("k1", GOOD), ("k2", BAD)], 1):
        name = request_ids.format_request_id(uuid7(now, number))
        value = envelope.wrap("tenant_a", envelope.format_timestamp(now), name, key, event)
        # Under their key, as ingest sends them: the repeat is read after the first one.
        producer.produce(settings.topic_raw, value, envelope.record_key("tenant_a", key))
    assert producer.flush(DEADLINE_SECONDS) == 0
    run_service_for_module("processor")
    with httpx.Client(base_url=admin.url, timeout=DEADLINE_SECONDS) as client:
        eventually(lambda: sum(_json(client.get("/admin/overview"))["today"].values()) == 3, "all three outcomes")
        yield client


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_overview_counts_each_outcome_once(processed: httpx.Client) -> None:
    """In every window, with its type and its code."""
    found = _json(processed.get("/admin/overview"))
    assert found["last_minute"] == found["today"] == {"stored": 1, "duplicates": 1, "dead": 1}
    assert found["top_type_today"] == {"event_type": "login", "count": 1}
    assert found["dead_by_code"] == [{"code": "VALIDATION_FAILED", "count": 1}]
    points = _json(processed.get("/admin/series"))["points"]
    assert [sum(each[name] for each in points) for name in ("stored", "duplicates", "dead")] == [1, 1, 1]


def test_the_event_is_found_by_each_of_its_ids(processed: httpx.Client, now: datetime) -> None:
    """The duplicate's request id finds it, too."""
    for path, parameters in (
        ("search", {"tenant": "tenant_a", "eventId": "e1"}),
        ("search", {"requestId": f"req_{uuid7(now, 1)}"}),
        ("search", {"requestId": f"req_{uuid7(now, 2)}"}),
        ("by-idempotency", {"tenant": "tenant_a", "idempotencyKey": "k1"}),
    ):
        answer = processed.get(f"/admin/event/{path}", params=parameters)
        assert [each["request_id"] for each in _json(answer)["events"]] == [f"req_{uuid7(now, 1)}"]
        assert b"1.50" in answer.content


def test_the_invalid_event_is_a_dead_letter_with_its_bytes(processed: httpx.Client) -> None:
    """It is in the list, and found by its key."""
    (dead_letter,) = _json(processed.get("/admin/dlq/sample"))["dead_letters"]
    assert dead_letter["reason"].startswith("VALIDATION_FAILED: missing event_type")
    assert dead_letter["original"]["event"] == json.loads(BAD)
    found = _json(processed.get("/admin/event/by-idempotency", params={"tenant": "tenant_a", "idempotencyKey": "k2"}))
    assert found["dead_letters"] == [dead_letter]


def test_lookup_agrees(processed: httpx.Client, now: datetime) -> None:
    """TransactionResult, duplicate, dead."""
    names = [f"req_{uuid7(now, number)}" for number in (1, 2, 3)]
    body = {"tenant": "tenant_a", "request_ids": names}
    results = _json(processed.post("/admin/events/lookup", json=body))["results"]
    assert [(each["state"], each["id"], each["code"]) for each in results] == [
        ("stored", str(uuid7(now, 1)), None),
        ("stored", str(uuid7(now, 1)), None),
        ("dead", None, "VALIDATION_FAILED"),
    ]


def test_lag_falls_to_zero(processed: httpx.Client) -> None:
    """The processor is the member of every partition."""

    def no_lag() -> dict[str, Any] | None:
        found: dict[str, Any] = _json(processed.get("/admin/kafka/lag"))
        return found if (found["total"], found["members"]) == (0, 1) else None

    found = eventually(no_lag, "no lag, and one member")
    (worker,) = {each["member"] for each in found["partitions"]}
    assert worker.endswith("-0"), "its instance id ends with its slot"
