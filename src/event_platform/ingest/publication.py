"""What is handed to Kafka together, and what became of each record: acknowledged, surely not published, or unknown."""

from asyncio import Future
from typing import Final

import msgspec
from confluent_kafka import KafkaError

from event_platform.core.errors import UnavailableError

CERTAINLY_NOT_PUBLISHED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError.MSG_SIZE_TOO_LARGE})  # noqa: SLF001 - librdkafka's local codes are named so
"""Errors of a delivery after which the record is nowhere; after every other one it may be in Kafka."""

_NO_WORD: Final = KafkaError(KafkaError._MSG_TIMED_OUT)  # noqa: SLF001 - librdkafka's local codes are named so

Headers = list[tuple[str, str | bytes | None]]


class NotPublishedError(UnavailableError):
    """The event is certainly not in Kafka."""


class PublicationUnknownError(UnavailableError):
    """The event may be in Kafka, now or later."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A message of ``events.raw``."""

    key: bytes
    value: bytes
    headers: Headers | None = None


class Sending:
    """Records that were handed over together, and what is known of each: its outcome, by its place.

    Attributes:
        outcomes: None where the record is acknowledged.
        left: How many of them have none yet.
        done: Resolves when all have one.
    """

    __slots__ = ("done", "left", "outcomes")

    def __init__(self, count: int, done: Future[None]) -> None:
        self.outcomes: list[KafkaError | NotPublishedError | None] = [_NO_WORD] * count
        self.left = count
        self.done = done

    def settle(self, place: int, outcome: KafkaError | NotPublishedError | None) -> None:
        """The outcome of the record at ``place`` is known."""
        self.outcomes[place] = outcome
        self.left -= 1
        if not self.left:
            self.finish()

    def finish(self) -> None:
        """Wake who waits, whether all have an outcome or not."""
        if not self.done.done():
            self.done.set_result(None)


def failure_of(outcome: KafkaError | NotPublishedError) -> UnavailableError:
    """What an outcome other than an acknowledgement means for the event."""
    if isinstance(outcome, NotPublishedError):
        return outcome
    if outcome.code() in CERTAINLY_NOT_PUBLISHED:
        return NotPublishedError(f"publishing an event: {outcome.str()}")
    return PublicationUnknownError(f"publishing an event: {outcome.str()}")
