"""The client's messages as records."""

from operator import methodcaller
from typing import Final

from confluent_kafka import Message

from event_platform.core.telemetry import get_logger
from event_platform.processor.batch import UNKNOWN_EPOCH, Headers, Record

# Called directly, once the interpreter has specialized the call, its failure would come out somewhere later.
_read_headers: Final = methodcaller("headers")

log = get_logger(__name__)


def record_of(message: Message) -> Record:
    """The record of a message that is no error."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None and offset is not None  # noqa: PT018, S101 - a message that came from a topic has both
    _, timestamp_ms = message.timestamp()
    timestamp = timestamp_ms if timestamp_ms > 0 else None
    epoch = message.leader_epoch()
    return Record(
        partition,
        offset,
        message.value(),
        message.key(),
        _headers(message),
        timestamp,
        UNKNOWN_EPOCH if epoch is None else epoch,
    )


def partition_of(message: Message) -> int:
    """Of a message or an error; -1 where an error is of none."""
    partition = message.partition()
    return -1 if partition is None else partition


def _headers(message: Message) -> Headers:
    """The message's headers; none where a name among them is not UTF-8, which no broker refuses."""
    try:
        headers = _read_headers(message)
    except (SystemError, UnicodeDecodeError):
        # The client cannot make such a name text, and fails by a SystemError. An event needs no headers.
        log.warning("unreadable headers are left out", partition=message.partition(), offset=message.offset())
        return ()
    return tuple(headers) if headers else ()
