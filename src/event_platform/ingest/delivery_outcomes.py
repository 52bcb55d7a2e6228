"""Records handed to Kafka together, and each one's outcome: acknowledged, certainly not published, or unknown."""

from asyncio import Future
from typing import Final, TypeAlias

import msgspec
from confluent_kafka import KafkaError

from event_platform.core.errors import UnavailableError

NOT_PUBLISHED_CODES: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError.MSG_SIZE_TOO_LARGE})  # noqa: SLF001 - librdkafka's local codes are named so
"""Delivery errors after which the record is certainly not in Kafka; after any other one it may be."""

_NO_OUTCOME: Final = KafkaError(KafkaError._MSG_TIMED_OUT)  # noqa: SLF001 - librdkafka's local codes are named so

RecordHeaders: TypeAlias = list[tuple[str, str | bytes | None]]


class NotPublishedError(UnavailableError):
    """The event is certainly not in Kafka."""


class PublicationUnknownError(UnavailableError):
    """The event may be in Kafka, now or later."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of ``events.raw``."""

    key: bytes
    value: bytes
    headers: RecordHeaders | None = None


class PublishBatch:
    """The outcomes of records that were handed over together, by index.

    Attributes:
        outcomes: None where the record is acknowledged.
        pending: How many records have no outcome yet.
        done: Resolves when all have one.
    """

    __slots__ = ("done", "outcomes", "pending")

    def __init__(self, count: int, done: Future[None]) -> None:
        self.outcomes: list[KafkaError | NotPublishedError | None] = [_NO_OUTCOME] * count
        self.pending = count
        self.done = done

    def set_outcome(self, index: int, outcome: KafkaError | NotPublishedError | None) -> None:
        """Record the outcome of one record."""
        self.outcomes[index] = outcome
        self.pending -= 1
        if not self.pending:
            self.finish()

    def finish(self) -> None:
        """Resolve `done`, whether all records have an outcome or not."""
        if not self.done.done():
            self.done.set_result(None)


def error_for_outcome(outcome: KafkaError | NotPublishedError) -> UnavailableError:
    """Return what an outcome other than an acknowledgement means for the event."""
    if isinstance(outcome, NotPublishedError):
        return outcome
    if outcome.code() in NOT_PUBLISHED_CODES:
        return NotPublishedError(f"publishing an event: {outcome.str()}")
    return PublicationUnknownError(f"publishing an event: {outcome.str()}")
