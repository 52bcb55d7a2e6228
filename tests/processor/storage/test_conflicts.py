"""Rows that conflict with a stored one: redelivered, duplicate or key reused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import outcome_counts, resend, rows_stored, tenant_of


@pytest.mark.parametrize("is_same_batch", [True, False])
def test_duplicate_is_recorded_with_the_first_id(bench: Bench, message: MakeMessage, *, is_same_batch: bool) -> None:
    """Another request with the same key and content adds no row, and its id leads to the stored one."""
    first = message(payload={"b": 1.0, "a": [1, {}]}, x=1)
    second = json.loads(resend(first))
    # The same value, written otherwise.
    second["event"]["payload"] = {"a": [1, {}], "b": 1}
    if is_same_batch:
        bench.write(first, json.dumps(second).encode())
    else:
        bench.write(first)
        bench.write(json.dumps(second).encode(), start=1)
    noted = bench.query("SELECT id, first_id FROM duplicate_requests WHERE tenant_id = %s", tenant_of(first))
    ids = [json.loads(one)["request_id"].removeprefix("req_") for one in (json.dumps(second), first)]
    assert [[str(value) for value in row] for row in noted] == [ids]
    assert outcome_counts(bench, tenant_of(first)) == {"stored": 1, "duplicate": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"a": 2}},
        {"event_id": "f"},
        {"event_type": "u"},
        {"extra": None},
        {"occurred_at": "2026-01-01T00:00:00.000001Z"},
    ],
)
def test_reused_key_is_dead_lettered(bench: Bench, message: MakeMessage, change: dict[str, Any]) -> None:
    """An event whose key was used for other content was acknowledged, so it is dead-lettered, whatever differs."""
    first = message(wrapper_idempotency_key="the-key")
    other = json.loads(resend(first))
    other["event"] |= change
    bench.write(first, json.dumps(other).encode(), message())
    code, reason, key, original = bench.query(
        "SELECT code, reason, idempotency_key, original_bytes FROM dlq_events WHERE tenant_id = %s", tenant_of(first)
    )[0]
    assert code == "IDEMPOTENCY_KEY_REUSED"
    assert json.loads(first)["request_id"] in reason
    assert key == "the-key"
    assert original == json.dumps(other).encode()
    assert outcome_counts(bench, tenant_of(first)) == {"stored": 2, "dead": 1}


def test_same_key_next_day_is_another_event(bench: Bench, message: MakeMessage) -> None:
    """A key is unique within a UTC day; redelivery across midnight changes nothing."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values = [message(wrapper_idempotency_key="k", received_at=midnight + timedelta(seconds=step)) for step in (-1, 1)]
    assert rows_stored(bench.write(*values)) == 2
    bench.connection.execute("UPDATE consumer_progress SET next_offset = 0 WHERE topic_id = %s", [bench.topic_id])
    assert rows_stored(bench.write(*values)) == 0
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 2}


def test_request_id_of_another_event_is_dead_lettered(bench: Bench, message: MakeMessage) -> None:
    """An event with the request id of another one cannot be stored, and must not vanish."""
    first = message()
    thief = json.loads(first) | {"idempotency_key": "another"}
    bench.write(first, json.dumps(thief).encode())
    assert outcome_counts(bench, tenant_of(first)) == {"stored": 1, "dead": 1}
