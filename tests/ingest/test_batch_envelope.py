"""Reading a batch in one pass or item by item."""

import pytest

from event_platform.ingest import batch_envelope
from event_platform.ingest.batch_envelope import MAX_ITEMS, read_items
from event_platform.ingest.event import Event
from event_platform.ingest.rejections import Rejection

MAX_EVENT_BYTES = 1_000
KEY = '"idempotency_key":"k"'
WRONG_TYPE = "5"
"""An item that makes the whole batch be read item by item."""

ITEMS = [
    f'{{{KEY},"event":{{"a":1}}}}',
    f' {{ {KEY} , "event" : {{ "a" : [1, 2.50, -0] }} , "more" : [[{{}}]] }} ',
    '{"idempotency\\u005fkey":"k","event":{"a":1}}',
    '{"idempotency_key":"other",' + KEY + ',"event":1,"event":{"a":1}}',
    '{"idempotency_key":"\\u006b","event":{}}',
    '{"idempotency_key":"schlüssel","event":{}}',
    '{"idempotency_key":"","event":{}}',
    '{"idempotency_key":null,"event":{}}',
    '{"event":{}}',
    f"{{{KEY}}}",
    f'{{{KEY},"event":null}}',
    f'{{{KEY},"event":[]}}',
    f'{{{KEY},"event":{"[" * 70}{"]" * 70}}}',
    f'{{{KEY},"event":{{"a":"{"y" * MAX_EVENT_BYTES}"}}}}',
    f'{{{KEY},"event":{{"a":"\\ud800"}}}}',
    f'{{{KEY},"ordering_key":"o","event":{{}}}}',
    f'{{{KEY},"ordering_key":null,"event":{{}}}}',
    f'{{{KEY},"ordering_key":"","event":{{}}}}',
    "{}",
]


def batch_of(*items: str) -> bytes:
    """Return the body of a batch."""
    return b'{"events":[%b]}' % ",".join(items).encode()


def comparable(result: Event | Rejection) -> object:
    """Return what identifies the result."""
    return (result.kind.code, result.message) if isinstance(result, Rejection) else result


@pytest.mark.parametrize("item", ITEMS)
def test_both_ways_read_the_same(item: str) -> None:
    """An item reads the same in one pass and item by item, whatever else is in its batch."""
    (alone,) = read_items(batch_of(item), MAX_EVENT_BYTES)
    beside, rejected = read_items(batch_of(item, WRONG_TYPE), MAX_EVENT_BYTES)
    assert comparable(alone) == comparable(beside)
    assert comparable(rejected) == ("INVALID_EVENT", "an item must be an object")


@pytest.mark.parametrize("part", ["idempotency_key", "ordering_key"])
@pytest.mark.parametrize("value", ["5", "true", "[]", "{}", '"\\ud800"'])
def test_keys_of_another_type(part: str, value: str) -> None:
    """An item whose key is not a string is rejected, and its neighbours are not."""
    parts = {"idempotency_key": '"k"', "event": "{}", part: value}
    odd = "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"
    neighbour, rejected = read_items(batch_of(ITEMS[0], odd), MAX_EVENT_BYTES)
    assert isinstance(neighbour, Event)
    assert isinstance(rejected, Rejection)


def test_bytes_are_kept() -> None:
    """An event keeps the producer's bytes either way."""
    event = '{ "a" : 1.50 , "b":"\\u00e9" }'
    item = f'{{{KEY},"event": {event} }}'
    for items in ((item,), (item, WRONG_TYPE)):
        first = read_items(batch_of(*items), MAX_EVENT_BYTES)[0]
        assert isinstance(first, Event)
        assert first.body == event.encode()


def test_too_many_items_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many items are rejected before the first is read: 4 MiB of numbers would take 10 s."""
    read: list[bytes] = []
    monkeypatch.setattr(batch_envelope, "_read_item", read.append)
    with pytest.raises(Rejection) as raised:
        read_items(batch_of(*[WRONG_TYPE] * (MAX_ITEMS + 1)), MAX_EVENT_BYTES)
    assert comparable(raised.value) == ("INVALID_EVENT", "a batch has 1 to 1000 events, this one has 1001")
    assert not read
