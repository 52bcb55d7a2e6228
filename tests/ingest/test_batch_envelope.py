"""A batch's envelope, read in one pass or item by item."""

import pytest

from event_platform.ingest import batch_envelope
from event_platform.ingest.batch_envelope import MAX_ITEMS, read_items
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event

MAX_EVENT_BYTES = 1_000
KEY = '"idempotency_key":"k"'
WRONG_TYPE = "5"
"""An item that no single pass can read, so that all of its batch are read one by one."""

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
    """The batch's body."""
    return b'{"events":[%b]}' % ",".join(items).encode()


def told(result: Event | Refusal) -> object:
    """What there is to compare."""
    return (result.problem.code, result.message) if isinstance(result, Refusal) else result


@pytest.mark.parametrize("item", ITEMS)
def test_read_alike(item: str) -> None:
    """An item reads alike in one pass and one by one, whatever else is in its batch."""
    (alone,) = read_items(batch_of(item), MAX_EVENT_BYTES)
    beside, refused = read_items(batch_of(item, WRONG_TYPE), MAX_EVENT_BYTES)
    assert told(alone) == told(beside)
    assert told(refused) == ("INVALID_EVENT", "an item must be an object")


@pytest.mark.parametrize("part", ["idempotency_key", "ordering_key"])
@pytest.mark.parametrize("value", ["5", "true", "[]", "{}", '"\\ud800"'])
def test_keys_of_another_type(part: str, value: str) -> None:
    """A key that is no string of characters is refused, and its neighbours are not."""
    parts = {"idempotency_key": '"k"', "event": "{}", part: value}
    odd = "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"
    neighbour, refused = read_items(batch_of(ITEMS[0], odd), MAX_EVENT_BYTES)
    assert isinstance(neighbour, Event)
    assert isinstance(refused, Refusal)


def test_bytes_are_kept() -> None:
    """An event's bytes are the producer's own, in either way of reading."""
    event = '{ "a" : 1.50 , "b":"\\u00e9" }'
    item = f'{{{KEY},"event": {event} }}'
    for items in ((item,), (item, WRONG_TYPE)):
        first = read_items(batch_of(*items), MAX_EVENT_BYTES)[0]
        assert isinstance(first, Event)
        assert first.body == event.encode()


def test_too_many_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What are too many items is refused before one of them is looked at: 4 MiB of numbers would take 10 s."""
    looked_at: list[bytes] = []
    monkeypatch.setattr(batch_envelope, "_item", looked_at.append)
    with pytest.raises(Refusal) as refused:
        read_items(batch_of(*[WRONG_TYPE] * (MAX_ITEMS + 1)), MAX_EVENT_BYTES)
    assert told(refused.value) == ("INVALID_EVENT", "a batch has 1 to 1000 events, this one has 1001")
    assert not looked_at
