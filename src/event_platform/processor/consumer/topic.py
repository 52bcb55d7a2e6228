"""What Kafka says of the raw topic: its id, and which offsets it holds."""

from collections.abc import Collection
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from typing import Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS, unavailable_error
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError

NO_SUCH_TIME: Final = -1
"""Kafka's answer where no record is as late as the time asked for."""


NO_ANSWER: Final = "no answer"


class Marks(msgspec.Struct, frozen=True):
    """A partition holds the offsets from ``low`` up to, but without, ``high``."""

    low: int
    high: int


class Topic:
    """Asked through an administrative client, so that the consumer's threads never wait for each other."""

    def __init__(self, admin: ReplaceableClient[AdminClient], name: str) -> None:
        """The topic ``name``."""
        self._admin = admin
        self.name = name

    def replace_client_if_lost(self) -> None:
        """After it failed; blocks for seven seconds at most."""
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
            raise UnavailableError(f"{doing}: no answer") from error

    def marks(self, partitions: Collection[int]) -> dict[int, Marks]:
        """What ``partitions`` hold.

        Raises:
            UnavailableError: Kafka does not answer for one of them.
        """
        known, silent = self.known_marks(partitions)
        for why in silent.values():
            raise UnavailableError(why)
        return known

    def known_marks(self, partitions: Collection[int]) -> tuple[dict[int, Marks], dict[int, str]]:
        """What ``partitions`` hold, and of those for which Kafka does not answer, as without a leader, why."""
        lows, silent = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # theirs has no types
        highs, others = self._offsets(lows, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # the same
        return {partition: Marks(lows[partition], high) for partition, high in highs.items()}, silent | others

    def offset_at(self, partition: int, unix_ms: int) -> int:
        """The first offset of that time or later; -1 where there is none.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        found, silent = self._offsets([partition], OffsetSpec.for_timestamp(unix_ms), answers=(NO_SUCH_TIME,))
        if silent:
            raise UnavailableError(silent[partition])
        return found[partition]

    def partitions(self) -> list[int]:
        """All of the topic's.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        try:
            return sorted(
                self._admin.current.list_topics(self.name, timeout=METADATA_TIMEOUT_SECONDS)
                .topics[self.name]
                .partitions
            )
        except KafkaException as error:
            raise unavailable_error(f"listing the partitions of {self.name}", error) from error

    def _offsets(
        self, partitions: Collection[int], which: OffsetSpec, answers: tuple[int, ...] = ()
    ) -> tuple[dict[int, int], dict[int, str]]:
        """What Kafka answers, and why it does not; negative numbers are offsets only where they are ``answers``."""
        wanted = {TopicPartition(self.name, partition): which for partition in partitions}
        if not wanted:
            return {}, {}
        doing = f"asking for the offsets of topic {self.name}"
        try:
            asked = self._admin.current.list_offsets(wanted, request_timeout=METADATA_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise unavailable_error(doing, error) from error
        found: dict[int, int] = {}
        silent: dict[int, str] = {}
        for one, pending in asked.items():
            offset = _answer_of(pending)
            # The client names others, without an error, where its time ran out before it had asked everyone.
            if isinstance(offset, int) and (offset >= 0 or offset in answers):
                found[one.partition] = offset
            else:
                silent[one.partition] = f"{doing}: {offset if isinstance(offset, str) else NO_ANSWER}"
        return found, silent


def _answer_of(pending: "Future[ListOffsetsResultInfo]") -> int | str:
    """The offset, or why there is none."""
    try:
        return int(pending.result(2 * METADATA_TIMEOUT_SECONDS).offset)
    except KafkaException as error:
        return str(error.args[0].str())
    except TimeoutError:
        return NO_ANSWER
