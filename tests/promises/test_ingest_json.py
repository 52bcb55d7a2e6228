"""P7: whatever the body holds, the answer is documented, and what got a 202 is stored or dead, its bytes unchanged."""

import json

import pytest
from tests.fixtures.ingest_client import MakeProducer, Published, code, new_key, unless_redis_is_late
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.recorded_answers import RecordedAnswers
from tests.fixtures.services import RunService

from event_platform.loadgen.traffic.request_kinds import STORED


def event(payload: bytes) -> bytes:
    """An event that is right but for its payload, whose bytes are given."""
    return (
        b'{"event_id":"e","event_type":"t","schema_version":1,"occurred_at":"2026-01-31T12:00:00Z","payload":{"a":%b}}'
        % payload
    )


NOT_JSON, NOT_AN_EVENT = "INVALID_JSON", "INVALID_EVENT"
BODIES = [
    (event(b"NaN"), NOT_JSON),
    (event(b"-Infinity"), NOT_JSON),
    (event(b"1e400"), STORED),
    (event(b"-0"), STORED),
    (event(b"9" * 5_000), "UNSTORABLE"),
    (event(b'{"a":' * 62 + b"1" + b"}" * 62), STORED),
    (event(b'{"a":' * 63 + b"1" + b"}" * 63), NOT_AN_EVENT),
    (event(b"[" * 100_000 + b"]" * 100_000), NOT_AN_EVENT),
    (b"[" * 200_000, NOT_AN_EVENT),
    (b"\xef\xbb\xbf" + event(b"1"), NOT_JSON),
    (event(b"1").decode().encode("utf-16"), NOT_JSON),
    (event(b'"\xc3"'), NOT_JSON),
    (event(b'"\xed\xa0\x80"'), NOT_JSON),
    (event(b'"\\ud800"'), "UNSTORABLE"),
    (event(b'"\\ud83d\\ude00 \xf0\x9f\x98\x80"'), STORED),
    (event(b'"\\u0000"'), "UNSTORABLE"),
    (event(b'"\x00"'), NOT_JSON),
    (event(b'1,"a":2'), STORED),
    (event(b'"\x7f"'), STORED),
    (event(b"01"), NOT_JSON),
    (event(b"1") + b"\x00", NOT_JSON),
    (b" \n\t\r" + event(b"1") + b" \n", STORED),
    (b"{}", "VALIDATION_FAILED"),
    (b'{"\\u0000":1}', "VALIDATION_FAILED"),
]


def test_nasty_json(
    run_service: RunService,
    producer_of: MakeProducer,
    raw_topic: RawTopic,
    published: Published,
    recorded_answers: RecordedAnswers,
) -> None:
    """Each body has its documented answer; accepted ones are published byte for byte, and none is lost behind that."""
    producer = producer_of(run_service("ingest", RATE_LIMIT_PER_MIN=1_000_000))
    accepted: dict[str, bytes] = {}
    for body, expected in BODIES:
        response = recorded_answers.post(producer, new_key(), body, expected)
        if expected in {NOT_JSON, NOT_AN_EVENT}:
            assert (response.status_code, code(response)) == (400, expected), body[:100]
        else:
            assert response.status_code == 202, body[:100]
            accepted[response.json()["request_id"]] = body
    values = {json.loads(value, parse_int=str)["request_id"]: value for value in published.values()}
    assert set(values) == set(accepted)
    for request_id, body in accepted.items():
        assert values[request_id].endswith(b'"event":' + body + b"}")
    recorded_answers.reconcile()
    dead = dict(raw_topic.query("SELECT request_id, original_bytes FROM dlq_events"))
    for request_id, original in dead.items():
        assert bytes(original) == values[request_id]


@pytest.mark.parametrize(("first", "again"), [(b'{"a":1,"a":2}', b'{"a":2}'), (b'{"a":"\\u0041"}', b'{"a":"A"}')])
def test_same_meaning(run_service: RunService, producer_of: MakeProducer, first: bytes, again: bytes) -> None:
    """The last of repeated names counts, and escapes mean what they stand for."""
    producer, key = producer_of(run_service("ingest")), new_key()
    with unless_redis_is_late(producer.service):
        assert producer.post(key, first).json()["duplicate"] is False
        assert producer.post(key, again).json()["duplicate"] is True
