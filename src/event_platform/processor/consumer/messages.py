"""Converts the client's messages to records."""

from operator import methodcaller
from typing import Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message

from event_platform.processor.polled_records import UNKNOWN_EPOCH, Headers, Record

# A direct call, once the interpreter has specialized it, would let its exception surface somewhere later.
_read_headers: Final = methodcaller("headers")

UNREADABLE_HEADERS: Final = "a header cannot be read: its name is not UTF-8"


def record_of(message: Message) -> Record:
    """Make a record of a message that is no error, whatever it contains."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None and offset is not None  # noqa: PT018, S101 - a message that came from a topic has both
    kind, timestamp_ms = message.timestamp()
    # A producer's own timestamp does not say how long the record has been in the topic.
    timestamp = timestamp_ms if kind == TIMESTAMP_LOG_APPEND_TIME else None
    headers, problem = _headers(message)
    epoch = message.leader_epoch()
    known_epoch = UNKNOWN_EPOCH if epoch is None else epoch
    return Record(partition, offset, message.value(), message.key(), headers, timestamp, known_epoch, problem)


def is_end(message: Message) -> bool:
    """Whether the message reports the partition's end, for now, at its offset."""
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - its public name


def offset_of(message: Message) -> int:
    """The offset of a record or of a partition's end; -1 for any other error."""
    offset = message.offset()
    return -1 if offset is None or not (message.error() is None or is_end(message)) else offset


def partition_of(message: Message) -> int:
    """The partition of a message or an error; -1 for an error without one."""
    partition = message.partition()
    return -1 if partition is None else partition


def _headers(message: Message) -> tuple[Headers, str | None]:
    """Return the headers; or none, and why, where a name is not UTF-8, which no broker rejects."""
    try:
        headers = _read_headers(message)
    except Exception:  # noqa: BLE001 - the client raises a SystemError, and returns no header at all
        return (), UNREADABLE_HEADERS
    return (tuple(headers) if headers else ()), None
