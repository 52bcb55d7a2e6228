"""The client's messages as records."""

from operator import methodcaller
from typing import Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message

from event_platform.processor.records import UNKNOWN_EPOCH, Headers, Record

# Called directly, once the interpreter has specialized the call, its failure would come out somewhere later.
_read_headers: Final = methodcaller("headers")

UNREADABLE_HEADERS: Final = "a header cannot be read: its name is not UTF-8"


def record_of(message: Message) -> Record:
    """The record of a message that is no error, whatever it holds."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None and offset is not None  # noqa: PT018, S101 - a message that came from a topic has both
    kind, timestamp_ms = message.timestamp()
    # A producer's own time says nothing of how long the record has been here.
    timestamp = timestamp_ms if kind == TIMESTAMP_LOG_APPEND_TIME else None
    headers, problem = _headers(message)
    epoch = message.leader_epoch()
    known_epoch = UNKNOWN_EPOCH if epoch is None else epoch
    return Record(partition, offset, message.value(), message.key(), headers, timestamp, known_epoch, problem)


def is_end(message: Message) -> bool:
    """Whether it says that the partition ends at its offset, for now."""
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - its public name


def offset_of(message: Message) -> int:
    """Of a record or of a partition's end; -1 of any other error."""
    offset = message.offset()
    return -1 if offset is None or not (message.error() is None or is_end(message)) else offset


def partition_of(message: Message) -> int:
    """Of a message or an error; -1 where an error is of none."""
    partition = message.partition()
    return -1 if partition is None else partition


def _headers(message: Message) -> tuple[Headers, str | None]:
    """The message's headers; none, and why, where a name among them is not UTF-8, which no broker refuses."""
    try:
        headers = _read_headers(message)
    except Exception:  # noqa: BLE001 - the client fails by a SystemError, and gives none of the other headers either
        return (), UNREADABLE_HEADERS
    return (tuple(headers) if headers else ()), None
