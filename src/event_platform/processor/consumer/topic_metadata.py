"""The raw topic as an administrative client sees it: its id, its partitions, and the offsets that they hold."""

from collections.abc import Collection
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS, unavailable_error
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError

NO_SUCH_TIME: Final = -1
"""Kafka's answer where no record is as late as the time asked for."""

NO_ANSWER: Final = "no answer"


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The offsets that a partition holds: from ``low`` up to, but not including, ``high``."""

    low: int
    high: int


class Topic:
    """Asks through a client of its own, so that it never waits for the consumer, nor the consumer for it."""

    def __init__(self, admin: ReplaceableClient[AdminClient], name: str) -> None:
        self._admin = admin
        self.name = name

    def replace_client_if_lost(self) -> None:
        """Replace the client after a failure, if it finds no brokers and a new one does; blocks for up to 7 s."""
        self._admin.replace_if_lost()

    def id(self) -> str:
        """The topic's id, which another topic of the same name does not share.

        Raises:
            UnavailableError: Kafka does not answer, or there is no such topic.
        """
        doing = f"describing topic {self.name}"
        try:
            asked = self._admin.current.describe_topics(
                TopicCollection([self.name]), request_timeout=METADATA_TIMEOUT_SECONDS
            )
            return str(asked[self.name].result(2 * METADATA_TIMEOUT_SECONDS).topic_id)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                text = f"topic {self.name} does not exist: create it with `event-platform topics`"
                raise UnavailableError(text) from error
            raise unavailable_error(doing, error) from error
        except TimeoutError as error:
            raise UnavailableError(f"{doing}: {NO_ANSWER}") from error

    def partitions(self) -> list[int]:
        """The topic's partitions.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        try:
            metadata = self._admin.current.list_topics(self.name, timeout=METADATA_TIMEOUT_SECONDS)
            return sorted(metadata.topics[self.name].partitions)
        except KafkaException as error:
            raise unavailable_error(f"listing the partitions of {self.name}", error) from error

    def watermarks(self, partitions: Collection[int]) -> dict[int, Watermarks]:
        """The watermarks of all ``partitions``.

        Raises:
            UnavailableError: Kafka does not answer for one of them.
        """
        known, unanswered = self.available_watermarks(partitions)
        for reason in unanswered.values():
            raise UnavailableError(reason)
        return known

    def available_watermarks(self, partitions: Collection[int]) -> tuple[dict[int, Watermarks], dict[int, str]]:
        """The watermarks that Kafka returns, and why it returns none of the others, like one without a leader."""
        lows, unanswered = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # theirs has no types
        highs, others = self._offsets(lows, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # the same
        return {partition: Watermarks(lows[partition], high) for partition, high in highs.items()}, unanswered | others

    def offset_at(self, partition: int, unix_ms: int) -> int:
        """The first offset of that time or later; -1 where there is none.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        found, unanswered = self._offsets([partition], OffsetSpec.for_timestamp(unix_ms), allowed=(NO_SUCH_TIME,))
        if unanswered:
            raise UnavailableError(unanswered[partition])
        return found[partition]

    def _offsets(
        self, partitions: Collection[int], which: OffsetSpec, allowed: tuple[int, ...] = ()
    ) -> tuple[dict[int, int], dict[int, str]]:
        """The offsets that Kafka returns, and why it returns none; negative ones count only if ``allowed``."""
        wanted = {TopicPartition(self.name, partition): which for partition in partitions}
        if not wanted:
            return {}, {}
        doing = f"asking for the offsets of topic {self.name}"
        try:
            asked = self._admin.current.list_offsets(wanted, request_timeout=METADATA_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise unavailable_error(doing, error) from error
        found: dict[int, int] = {}
        unanswered: dict[int, str] = {}
        for one, pending in asked.items():
            offset = _offset_or_error(pending)
            # When its time is over before it has asked everyone, the client returns other numbers, without an error.
            if isinstance(offset, int) and (offset >= 0 or offset in allowed):
                found[one.partition] = offset
            else:
                unanswered[one.partition] = f"{doing}: {offset if isinstance(offset, str) else NO_ANSWER}"
        return found, unanswered


def _offset_or_error(pending: "Future[ListOffsetsResultInfo]") -> int | str:
    try:
        return int(pending.result(2 * METADATA_TIMEOUT_SECONDS).offset)
    except KafkaException as error:
        return str(error.args[0].str())
    except TimeoutError:
        return NO_ANSWER
