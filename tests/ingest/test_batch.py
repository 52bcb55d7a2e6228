"""POST /events/batch: one result per item; a batch rejected as a whole claims and publishes nothing."""

import json
from typing import Any

import pytest
from tests.fixtures.ingest_client import EVENT, MakeProducer, Producer, Published, code, new_key
from tests.fixtures.services import RunService


def item(key: object = None, event: object = EVENT, **more: object) -> dict[str, Any]:
    """Return an item; with a new key unless one is given."""
    return {"idempotency_key": new_key() if key is None else key, "event": event, **more}


def counts(body: dict[str, Any]) -> tuple[int, int, int]:
    """Return the counts of new, duplicate and rejected items, and check that they add up."""
    found = body["accepted"], body["duplicates"], body["rejected"]
    assert sum(found) == len(body["results"])
    return found


def codes(body: dict[str, Any]) -> list[str]:
    """Return each item's code; ``new`` or ``duplicate`` where it was accepted."""
    return [
        each["error"]["code"] if each["status"] == "rejected" else "duplicate" if each["duplicate"] else "new"
        for each in body["results"]
    ]


def test_new_items(producer: Producer, published: Published) -> None:
    """Every new item is published under the id that its result names."""
    items = [item() for _ in range(100)]
    response = producer.post_batch(items)
    assert response.status_code == 202
    assert counts(response.json()) == (100, 0, 0)
    stored = {message["idempotency_key"]: message["request_id"] for message in map(json.loads, published.values())}
    assert [stored[each["idempotency_key"]] for each in items] == [
        result["request_id"] for result in response.json()["results"]
    ]


def test_headers(producer: Producer, published: Published) -> None:
    """A batch's traceparent is passed on with each event; the two key headers are ignored."""
    trace, items = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", [item(), item()]
    response = producer.post_batch(items, traceparent=trace, Idempotency_Key="a b", Ordering_Key="x" * 256)
    assert counts(response.json()) == (2, 0, 0)
    found = {each.key(): each.headers() for each in published.messages()}
    for each in items:
        assert found[f"tenant_a:{each['idempotency_key']}".encode()] == [("traceparent", trace.encode())]


def test_repeated_batch(producer: Producer) -> None:
    """Every item of a repeated batch is a duplicate with the first id."""
    items = [item(), item()]
    first, again = producer.post_batch(items).json(), producer.post_batch(items).json()
    assert counts(again) == (0, 2, 0)
    assert [each["request_id"] for each in again["results"]] == [each["request_id"] for each in first["results"]]


def test_single_and_batch_share_keys(producer: Producer) -> None:
    """An item with a key used by POST /events is a duplicate."""
    key = new_key()
    first = producer.post(key).json()["request_id"]
    result = producer.post_batch([item(key)]).json()["results"][0]
    assert result == {"status": "accepted", "request_id": first, "duplicate": True}


def test_copies_within_a_batch(producer: Producer) -> None:
    """A second item with the same key and body is a duplicate of the first; with another body it is rejected."""
    key = new_key()
    body = producer.post_batch([item(key), item(key), item(key, {})]).json()
    assert codes(body) == ["new", "duplicate", "IDEMPOTENCY_KEY_REUSED"]
    assert body["results"][0]["request_id"] == body["results"][1]["request_id"]


def test_wrong_items(producer: Producer) -> None:
    """Each wrong item is rejected on its own."""
    deep: Any = 1
    for _ in range(65):
        deep = {"a": deep}
    body = producer.post_batch(
        [
            item(),
            {"event": {}},
            item(None, {}, idempotency_key=None),
            item(""),
            item("a b"),
            item(5),
            3,
            [],
            {"idempotency_key": new_key()},
            item(None, []),
            item(None, deep),
            item(None, {"a": "x" * 262_144}),
            item(None, {}, ordering_key=7),
        ]
    ).json()
    assert codes(body) == [
        "new",
        "MISSING_IDEMPOTENCY_KEY",
        "MISSING_IDEMPOTENCY_KEY",
        *["INVALID_IDEMPOTENCY_KEY"] * 3,
        *["INVALID_EVENT"] * 5,
        "PAYLOAD_TOO_LARGE",
        "INVALID_EVENT",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"events":[{"idempotency_key":"a","event":{"a":NaN}}]}',
        b'{"events":[{"event":{"a":"\xff"}}]}',
        b'{"x":"\xff","events":[1]}',
    ],
)
def test_invalid_json(producer: Producer, body: bytes) -> None:
    """A batch that is not JSON is rejected as a whole."""
    response = producer.post_batch(body)
    assert (response.status_code, code(response)) == (400, "INVALID_JSON")


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"events":{}}', b'{"events":null}', b'{"events":[]}', b"1"])
def test_invalid_envelope(producer: Producer, body: bytes) -> None:
    """A batch without a list of events, or with an empty one, is rejected as a whole."""
    response = producer.post_batch(body)
    assert (response.status_code, code(response)) == (400, "INVALID_EVENT")


def test_too_many(producer: Producer) -> None:
    """1,000 items are accepted; 1,001 are rejected, and nothing is claimed."""
    items = [item(None, {}) for _ in range(1_001)]
    response = producer.post_batch(items)
    assert (response.status_code, code(response)) == (400, "INVALID_EVENT")
    assert counts(producer.post_batch(items[:1_000]).json()) == (1_000, 0, 0)


def test_too_large(producer: Producer) -> None:
    """More than 4 MiB are rejected as a whole."""
    response = producer.post_batch([item(None, {"a": "x" * 200_000}) for _ in range(22)])
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


def test_lone_surrogate(producer: Producer, published: Published) -> None:
    """Items that only Python's parser reads have their own results, and their bytes are unchanged."""
    event = b'{"a": "\\ud800,]"}'
    response = producer.post_batch(batch_of(event, b"{}"))
    assert codes(response.json()) == ["new", "new"]
    assert any(value.endswith(b'"event":' + event + b"}") for value in published.values())


@pytest.mark.parametrize("levels", [64, 65, 499, 500, 501, 1_000, 1_001, 5_000, 100_000])
def test_depth(producer: Producer, levels: int) -> None:
    """An event beyond 64 levels is rejected on its own, however deep it is."""
    result = "new" if levels == 64 else "INVALID_EVENT" if levels < 50_000 else "PAYLOAD_TOO_LARGE"
    response = producer.post_batch(batch_of(b'{"a":' * levels + b"1" + b"}" * levels, b"{}"))
    assert codes(response.json()) == [result, "new"]
    response = producer.post_batch(batch_of(b"{}", b"[" * levels + b"]" * levels))
    assert codes(response.json()) == ["new", "INVALID_EVENT"]


@pytest.mark.parametrize("levels", [10, 499, 500, 501, 5_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [(b'{"a":', b"]"), (b"[", b"}"), (b'{"a" 1:', b"}"), (b"[1 ", b"]"), (b"[", b""), (b"", b"]")],
)
def test_deep_invalid_json(producer: Producer, levels: int, opening: bytes, closing: bytes) -> None:
    """A batch with invalid JSON at any depth is rejected as a whole."""
    for deep in (opening * levels + b"1" + closing * levels, b"[" * levels + b"1" + b"]" * (levels - 1) + b"}"):
        response = producer.post_batch(batch_of(b"{}", deep))
        assert (response.status_code, code(response)) == (400, "INVALID_JSON")


def batch_of(*events: bytes) -> bytes:
    """Return a batch of events, given as bytes, with new keys."""
    items = (b'{"idempotency_key":"%b","event":%b}' % (new_key().encode(), event) for event in events)
    return b'{"events":[' + b",".join(items) + b"]}"


def test_rate_limit(run_service: RunService, producer_of: MakeProducer) -> None:
    """Items over the rate limit are rejected on their own, wrong ones too, and claim nothing."""
    producer = producer_of(run_service("ingest", RATE_LIMIT_PER_MIN=3, API_KEYS="limited:key_l"), "key_l")
    items = [item(), {"event": {}}, item(), item(), {"event": {}}]
    response = producer.post_batch(items)
    assert codes(response.json()) == ["new", "MISSING_IDEMPOTENCY_KEY", "new", "RATE_LIMITED", "RATE_LIMITED"]
    assert int(response.headers["retry-after"]) > 0
    rejected = producer.post_batch(b"{")
    assert (rejected.status_code, code(rejected)) == (429, "RATE_LIMITED")
