"""What Kafka says to the consumer that is no record: what ends it, and what keeps it from reading."""

import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException

LASTS_SECONDS: Final = 60.0
"""An error of a partition that is still ours is said again sooner."""

_FATAL: Final = (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID)  # noqa: SLF001 - its public name


class FencedInstanceError(Exception):
    """Another process joined the group under our name; only a person can tell which of the two is meant."""


class ConsumerErrors:
    """Those of one consumer; the last of each kind is kept."""

    def __init__(self) -> None:
        """None yet."""
        self._fatal: KafkaError | None = None
        self._latest: tuple[str, float] | None = None

    def note_client_error(self, error: KafkaError) -> None:
        """The client's own; lost connections come here as well, and are mended by the client itself."""
        if error.fatal() or error.code() in _FATAL:
            self._fatal = error

    def note(self, error: KafkaError) -> None:
        """One that came in the place of a record."""
        self.note_client_error(error)
        self._latest = error.str(), time.monotonic()

    def forget(self) -> None:
        """Something is read, or partitions are ours: what was said before is over."""
        self._latest = None

    def raise_fatal(self) -> None:
        """End where the client cannot go on.

        Raises:
            FencedInstanceError: Another process has our name.
            KafkaException: Something that only a person can mend.
        """
        if self._fatal is None:
            return
        if "fenced" in self._fatal.str().lower() or self._fatal.code() == KafkaError.FENCED_INSTANCE_ID:
            raise FencedInstanceError
        raise KafkaException(self._fatal)

    def latest(self, *, has_partitions: bool) -> str | None:
        """What keeps us from reading; over when it is not said again.

        A member that the group refuses is told so only once, and has no partitions.
        """
        if self._latest is None or (has_partitions and time.monotonic() - self._latest[1] > LASTS_SECONDS):
            return None
        return self._latest[0]
