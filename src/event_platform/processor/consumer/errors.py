"""Errors that Kafka reports to the consumer: those that end it, and those that keep it from reading."""

import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException

EXPIRES_SECONDS: Final = 60.0
"""Kafka repeats the error of an assigned partition sooner than that, for as long as it lasts."""

_FATAL: Final = (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID)  # noqa: SLF001 - its public name


class FencedInstanceError(Exception):
    """Another process joined the group under our name; only an operator can tell which of the two is meant."""


class ConsumerErrors:
    """The latest error of one consumer that is fatal, and the latest that is not."""

    def __init__(self) -> None:
        self._fatal: KafkaError | None = None
        self._latest: tuple[str, float] | None = None

    def record_client_error(self, error: KafkaError) -> None:
        """Keep an error of the client if it is fatal; from all others, like lost connections, it recovers by itself."""
        if error.fatal() or error.code() in _FATAL:
            self._fatal = error

    def record(self, error: KafkaError) -> None:
        """Keep an error that came in the place of a record."""
        self.record_client_error(error)
        self._latest = error.str(), time.monotonic()

    def clear(self) -> None:
        """Forget the error that is not fatal, because records come or partitions were assigned."""
        self._latest = None

    def raise_fatal(self) -> None:
        """Raise what the client cannot recover from.

        Raises:
            FencedInstanceError: Another member of the group has our name.
            KafkaException: An error that an operator has to resolve.
        """
        if self._fatal is None:
            return
        if "fenced" in self._fatal.str().lower() or self._fatal.code() == KafkaError.FENCED_INSTANCE_ID:
            raise FencedInstanceError
        raise KafkaException(self._fatal)

    def latest(self, *, has_partitions: bool) -> str | None:
        """What keeps the consumer from reading; it expires when Kafka does not repeat it.

        A member that the group refuses gets the error only once, and has no partitions: then it does not expire.
        """
        if self._latest is None or (has_partitions and time.monotonic() - self._latest[1] > EXPIRES_SECONDS):
            return None
        return self._latest[0]
