"""Malformed messages in the topic of a running processor, each followed by a good event."""

import base64
import json
from collections.abc import Callable

import pytest
from tests.fixtures.non_text_headers import send_with_header_name
from tests.fixtures.raw_topic import RawTopic, Sent
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core.connections import kafka

Make = Callable[[RawTopic], bytes | None]


@pytest.fixture(scope="module")
def processor(run_service_for_module: RunService) -> Service:
    """A running processor."""
    return run_service_for_module("processor")


def _payload(text: str) -> Make:
    return lambda raw: raw.message(
        b'{"event_id":"e","event_type":"t","schema_version":1,"occurred_at":"2026-01-01T00:00:00Z","payload":'
        + text.encode("utf-8", "surrogatepass")
        + b"}"
    )


def _event(**changes: object) -> Make:
    return lambda raw: raw.message(dict(changes))


def _wrapper(**changes: str) -> Make:
    return lambda raw: raw.message(**changes)


NASTY: dict[str, tuple[Make, str]] = {
    "null": (lambda _: None, "DESERIALIZATION_FAILED: the value is null"),
    "empty": (lambda _: b"", "DESERIALIZATION_FAILED: not JSON"),
    "random bytes": (lambda _: bytes(range(256)) * 4, "DESERIALIZATION_FAILED: not JSON: not UTF-8"),
    "a megabyte of control characters": (lambda _: b"\x01" * 1_000_000, "DESERIALIZATION_FAILED: not JSON"),
    "text": (lambda _: "hello ☃".encode(), "DESERIALIZATION_FAILED: not JSON"),
    "NaN": (_payload('{"a":NaN}'), "DESERIALIZATION_FAILED: not JSON: NaN"),
    "an array": (lambda _: b"[1,2]", "DESERIALIZATION_FAILED: not a JSON object"),
    "another object": (lambda _: b"{}", "DESERIALIZATION_FAILED: missing tenant_id; missing received_at"),
    "an event that is no object": (lambda raw: raw.message(b"[]"), "DESERIALIZATION_FAILED: event is not an object"),
    "a foreign request id": (_wrapper(request_id="r-1"), "DESERIALIZATION_FAILED: request_id is not req_<uuid>"),
    "a time without zone": (
        _wrapper(received_at="2026-01-01T00:00:00"),
        "DESERIALIZATION_FAILED: received_at is not RFC",
    ),
    "a key with blanks": (_wrapper(idempotency_key="a b"), "DESERIALIZATION_FAILED: idempotency_key is not"),
    "a tenant with NUL": (_wrapper(tenant_id="a\x00b"), "DESERIALIZATION_FAILED: tenant_id is not a tenant's name"),
    "received in the distant past": (_wrapper(received_at="1999-01-01T00:00:00Z"), "UNSTORABLE: received_at"),
    "received in the future": (_wrapper(received_at="2999-01-01T00:00:00Z"), "UNSTORABLE: received_at"),
    "several problems": (
        _event(event_type="", occurred_at="now", payload=[]),
        'VALIDATION_FAILED: event_type is empty; occurred_at is not RFC 3339: "now"; payload is not an object: []',
    ),
    "version 2": (_event(schema_version=2), "UNSUPPORTED_SCHEMA_VERSION: schema_version 2 is not supported"),
    "version true": (_event(schema_version=True), "VALIDATION_FAILED: schema_version is not an integer: true"),
    "version 1.0": (_event(schema_version=1.0), "VALIDATION_FAILED: schema_version is not an integer: 1.0"),
    "version as text": (_event(schema_version="1"), 'VALIDATION_FAILED: schema_version is not an integer: "1"'),
    "a huge version": (_event(schema_version=10**30), "UNSUPPORTED_SCHEMA_VERSION: schema_version 1000"),
    "a long id": (_event(event_id="é" * 513), "VALIDATION_FAILED: event_id is longer than 1024 bytes"),
    "a long type": (_event(event_type="t" * 201), "VALIDATION_FAILED: event_type is longer than 200 characters"),
    "NUL in the id": (_event(event_id="a\x00"), r"UNSTORABLE: a string holds \u0000"),
    "NUL in the payload": (_payload(r'{"a":"\u0000"}'), r"UNSTORABLE: a string holds \u0000"),
    "NUL in an extension": (_event(more={"\x00": 1}), r"UNSTORABLE: a string holds \u0000"),
    "half a pair": (_payload(r'{"a":"\ud800"}'), "UNSTORABLE: a string holds half of a surrogate pair"),
    "half a pair and more": (
        _event(event_id="\udc00", event_type=""),
        "VALIDATION_FAILED: event_type is empty; a string holds half of a surrogate pair",
    ),
    "raw surrogates": (_payload('{"a":"\ud800"}'), "DESERIALIZATION_FAILED: not JSON: not UTF-8"),
    "41 digits": (_payload('{"a":' + "9" * 41 + "}"), "UNSTORABLE: a number has more than 40 digits"),
    "5,000 digits": (_payload('{"a":0.' + "9" * 5_000 + "}"), "UNSTORABLE: a number has more than 40 digits"),
    "exponent 401": (_payload('{"a":1e401}'), "UNSTORABLE: a number has an exponent beyond"),
    "exponent -999999": (_payload('{"a":1E-999999}'), "UNSTORABLE: a number has an exponent beyond"),
    "65 levels": (_payload('{"a":' + "[" * 63 + "]" * 63 + "}"), "UNSTORABLE: nested beyond 64 levels"),
    "a megabyte of bytes and brackets": (lambda _: b"\xff[" * 500_000, "DESERIALIZATION_FAILED: not JSON: not UTF-8"),
    "100,000 brackets": (lambda _: b"[" * 100_000, "DESERIALIZATION_FAILED: not a JSON object"),
    "an object torn off at 100,000 levels": (lambda _: b'{"a":' * 100_000, "DESERIALIZATION_FAILED: not a JSON object"),
    "100,000 levels": (_payload("[" * 100_000 + "]" * 100_000), "UNSTORABLE: nested beyond 64 levels"),
}


@pytest.mark.usefixtures("processor")
@pytest.mark.parametrize("name", NASTY)
def test_malformed_message_is_dead_lettered_alone(raw_topic: RawTopic, name: str) -> None:
    """The message becomes a dead letter with its reason and its bytes; the good event behind it is stored."""
    make, reason = NASTY[name]
    bad, good = raw_topic.send(make(raw_topic), raw_topic.message(), partition=0)
    assert good.value
    raw_topic.await_row(good.value)
    letter = raw_topic.dead_letter(bad)
    assert letter is not None
    assert letter[1].startswith(reason)
    assert letter[2] == bad.value


GOOD: dict[str, tuple[str, str]] = {
    "40 digits": ('{"a":' + "9" * 40 + "}", '{"a": ' + "9" * 40 + "}"),
    "digits are kept": ('{"a":1.10,"b":12345678901234567890.5}', '{"a": 1.10, "b": 12345678901234567890.5}'),
    "the last of repeated names": ('{"a":1,"a":2}', '{"a": 2}'),
    "long digits in text": ('{"a":"' + "1" * 99 + '","b":"1e999"}', '{"a": "' + "1" * 99 + '", "b": "1e999"}'),
    "an escaped backslash before u0000": (r'{"a":"\\u0000"}', r'{"a": "\\u0000"}'),
    "64 levels": ('{"a":' + "[" * 62 + "]" * 62 + "}", '{"a": ' + "[" * 62 + "]" * 62 + "}"),
    "a whole pair": (r'{"a":"\ud83d\ude00"}', '{"a": "😀"}'),
    "white space": ('{ "a" :\n\t1 }', '{"a": 1}'),
}


@pytest.mark.usefixtures("processor")
@pytest.mark.parametrize("name", GOOD)
def test_unusual_payload_is_stored_as_jsonb_reads_it(raw_topic: RawTopic, name: str) -> None:
    """An unusual but valid payload is stored as jsonb reads it."""
    text, expected = GOOD[name]
    value = _payload(text)(raw_topic)
    assert value
    raw_topic.send(value)
    assert raw_topic.await_row(value)[2] == expected


@pytest.mark.usefixtures("processor")
def test_header_name_that_is_not_utf8_blocks_nothing(raw_topic: RawTopic) -> None:
    """A header name that is not UTF-8, which brokers accept, makes a dead letter of that record alone."""
    # What Python has called often, it calls in another way.
    raw_topic.send_good(100)
    settings, odd = raw_topic.settings, raw_topic.message()
    for value in (odd, b"rubbish under an odd header"):
        send_with_header_name(kafka.brokers(settings), settings.topic_raw, 2, value, b"caf\xe9")
    (good,) = raw_topic.send(raw_topic.message(), partition=2)
    assert good.value
    raw_topic.await_row(good.value)
    columns = "reason, request_id, record_key, headers"
    found = raw_topic.query(f"SELECT {columns} FROM dlq_events WHERE original_bytes = %s", odd)  # noqa: S608 - constant
    reason = "DESERIALIZATION_FAILED: a header cannot be read: its name is not UTF-8"
    assert found == [(reason, json.loads(odd)["request_id"], None, [])]
    rubbish = raw_topic.one("SELECT reason FROM dlq_events WHERE original_bytes = %s", b"rubbish under an odd header")
    assert rubbish == reason


@pytest.mark.usefixtures("processor")
def test_unknown_members_are_kept(raw_topic: RawTopic) -> None:
    """Members beyond the contract are stored as extensions, digit by digit."""
    event = (
        b'{"zone":"eu","event_id":"e","event_type":"t","schema_version":1,"occurred_at":"2026-01-01t00:00:00.1234567z",'
        b'"payload":{},"price":1.50,"payload":{"b":1}}'
    )
    value = raw_topic.message(event)
    raw_topic.send(value)
    row = raw_topic.await_row(value)
    assert row[2:] == ('{"b": 1}', '{"zone": "eu", "price": 1.50}')


@pytest.mark.usefixtures("processor")
def test_dead_letter_contains_the_original(raw_topic: RawTopic) -> None:
    """The dead letter contains the original bytes, and carries its key, headers and source."""
    values: list[bytes | None] = [b'{"a": 1.0}', "text ☃".encode(), b"\xff\x00", None]
    sent = raw_topic.send(*values, key=b"tenant_a:k", partition=1)
    eventually(lambda: all(_published(raw_topic, one) for one in sent), "publishing")
    # Each at least once: what is published again is the same.
    found = [_published(raw_topic, one)[0] for one in sent]
    assert [body["original_encoding"] for body, _, _ in found] == ["json", "text", "base64", "null"]
    assert found[0][1] == b"tenant_a:k"
    assert b'"original":{"a": 1.0},' in found[0][2]
    assert found[1][0]["original"].encode() == values[1]
    assert base64.b64decode(found[2][0]["original"]) == values[2]
    assert found[3][0]["original"] is None
    assert all(body["reason"].startswith("DESERIALIZATION_FAILED: ") for body, _, _ in found)


def _published(raw_topic: RawTopic, sent: Sent) -> list[tuple[dict[str, str], bytes | None, bytes]]:
    wanted = {
        "traceparent": b"00-1-2-01",
        "source-topic": raw_topic.settings.topic_raw.encode(),
        "source-topic-id": raw_topic.topic.id().encode(),
        "source-partition": str(sent.partition).encode(),
        "source-offset": str(sent.offset).encode(),
        "source-leader-epoch": b"0",
        "code": b"DESERIALIZATION_FAILED",
    }
    return [
        (json.loads(message.value() or b""), message.key(), message.value() or b"")
        for message in raw_topic.dead_letters_published()
        if dict(message.headers() or ()) == wanted
    ]
