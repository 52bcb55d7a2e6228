"""What Kafka says of the raw topic: its id, and which offsets it holds."""

from collections.abc import Collection
from typing import Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from event_platform.core.errors import UnavailableError
from event_platform.core.kafka import METADATA_TIMEOUT_SECONDS, unavailable
from event_platform.core.lasting_client import LastingClient

NO_SUCH_TIME: Final = -1
"""Kafka's answer where no record is as late as the time asked for."""


class Marks(msgspec.Struct, frozen=True):
    """A partition holds the offsets from ``low`` up to, but without, ``high``."""

    low: int
    high: int


class Topic:
    """Asked through an administrative client, so that the consumer's threads never wait for each other."""

    def __init__(self, admin: LastingClient[AdminClient], name: str) -> None:
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
            raise unavailable(doing, error) from error
        except TimeoutError as error:
            raise UnavailableError(f"{doing}: no answer") from error

    def marks(self, partitions: Collection[int]) -> dict[int, Marks]:
        """What ``partitions`` hold.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        lows = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # theirs has no types
        highs = self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # the same
        return {partition: Marks(lows[partition], highs[partition]) for partition in partitions}

    def offsets_at(self, partitions: Collection[int], unix_ms: int) -> dict[int, int]:
        """The first offsets of that time or later; -1 where there is none.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        return self._offsets(partitions, OffsetSpec.for_timestamp(unix_ms), answers=(NO_SUCH_TIME,))

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
            raise unavailable(f"listing the partitions of {self.name}", error) from error

    def _offsets(self, partitions: Collection[int], which: OffsetSpec, answers: tuple[int, ...] = ()) -> dict[int, int]:
        """What Kafka answers; negative numbers are offsets only where they are among ``answers``."""
        wanted = {TopicPartition(self.name, partition): which for partition in partitions}
        doing = f"asking for the offsets of topic {self.name}"
        try:
            asked = self._admin.current.list_offsets(wanted, request_timeout=METADATA_TIMEOUT_SECONDS)
            found = {
                one.partition: int(pending.result(2 * METADATA_TIMEOUT_SECONDS).offset)
                for one, pending in asked.items()
            }
        except KafkaException as error:
            raise unavailable(doing, error) from error
        except TimeoutError as error:
            raise UnavailableError(f"{doing}: no answer") from error
        # The client names such, without an error, where its time ran out before it had asked everyone.
        if any(offset < 0 and offset not in answers for offset in found.values()):
            raise UnavailableError(f"{doing}: no answer")
        return found
