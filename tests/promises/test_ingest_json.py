"""P7: whatever the body holds, the answer is documented, and what got a 202 is stored or dead, its bytes unchanged."""

import json

import pytest
from tests.fixtures.ingest_client import MakeProducer, Published, new_key
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService


def event(payload: bytes) -> bytes:
    """An event that is right but for its payload, whose bytes are given."""
    return (
        b'{"event_id":"e","event_type":"t","schema_version":1,"occurred_at":"2026-01-31T12:00:00Z","payload":{"a":%b}}'
        % payload
    )


BODIES = [
    (event(b"NaN"), 400),
    (event(b"-Infinity"), 400),
    (event(b"1e400"), 202),
    (event(b"-0"), 202),
    (event(b"9" * 5_000), 202),
    (event(b'{"a":' * 62 + b"1" + b"}" * 62), 202),
    (event(b'{"a":' * 63 + b"1" + b"}" * 63), 400),
    (event(b"[" * 100_000 + b"]" * 100_000), 400),
    (b"[" * 200_000, 400),
    (b"\xef\xbb\xbf" + event(b"1"), 400),
    (event(b"1").decode().encode("utf-16"), 400),
    (event(b'"\xc3"'), 400),
    (event(b'"\xed\xa0\x80"'), 400),
    (event(b'"\\ud800"'), 202),
    (event(b'"\\ud83d\\ude00 \xf0\x9f\x98\x80"'), 202),
    (event(b'"\\u0000"'), 202),
    (event(b'"\x00"'), 400),
    (event(b'1,"a":2'), 202),
    (event(b'"\x7f"'), 202),
    (event(b"01"), 400),
    (event(b"1") + b"\x00", 400),
    (b" \n\t\r" + event(b"1") + b" \n", 202),
    (b"{}", 202),
    (b'{"\\u0000":1}', 202),
]


def test_nasty_json(
    run_service: RunService, producer_of: MakeProducer, raw_topic: RawTopic, published: Published
) -> None:
    """Each body has its documented answer; accepted ones are published byte for byte, and none is lost behind that."""
    producer = producer_of(run_service("ingest", RATE_LIMIT_PER_MIN=1_000_000))
    run_service("processor")
    accepted: dict[str, bytes] = {}
    for body, status in BODIES:
        key = new_key()
        response = producer.post(key, body)
        assert response.status_code == status, body[:100]
        if status == 202:
            accepted[response.json()["request_id"]] = body
    values = {json.loads(value, parse_int=str)["request_id"]: value for value in published.values()}
    assert set(values) == set(accepted)
    for request_id, body in accepted.items():
        assert values[request_id].endswith(b'"event":' + body + b"}")
    raw_topic.await_processed()
    stored = {row[0] for row in raw_topic.query("SELECT 'req_' || id FROM events")}
    dead = dict(raw_topic.query("SELECT request_id, original_bytes FROM dlq_events"))
    assert stored | set(dead) == set(accepted)
    for request_id, original in dead.items():
        assert bytes(original) == values[request_id]


@pytest.mark.parametrize(("first", "again"), [(b'{"a":1,"a":2}', b'{"a":2}'), (b'{"a":"\\u0041"}', b'{"a":"A"}')])
def test_same_meaning(run_service: RunService, producer_of: MakeProducer, first: bytes, again: bytes) -> None:
    """The last of repeated names counts, and escapes mean what they stand for."""
    producer, key = producer_of(run_service("ingest")), new_key()
    assert producer.post(key, first).json()["duplicate"] is False
    assert producer.post(key, again).json()["duplicate"] is True
