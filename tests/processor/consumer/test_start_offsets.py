"""Where partitions start, while the topic and other workers change."""

from collections.abc import Collection

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic, RetryingTopic
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench

from event_platform.core.connections import kafka
from event_platform.core.connections.replaceable_client import replaceable_admin_client
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer import start_offsets
from event_platform.processor.consumer.topic_metadata import Watermarks
from event_platform.processor.storage.offset_store import StoredOffset


class BusyTopic(RetryingTopic):
    """A topic whose partition 0 another worker reads to its new end while we ask for its watermarks."""

    def __init__(self, raw_topic: RawTopic, bench: Bench, *, moves: str) -> None:
        """Move the offset ``before`` or ``after`` Kafka has answered."""
        super().__init__(replaceable_admin_client(raw_topic.settings), raw_topic.settings.topic_raw)
        self._raw_topic = raw_topic
        self._bench = bench
        self._moves = moves

    def available_watermarks(self, partitions: Collection[int]) -> tuple[dict[int, Watermarks], dict[int, str]]:
        """Move the offset, and return Kafka's answer."""
        if self._moves == "before":
            self._move()
        found = super().available_watermarks(partitions)
        if self._moves == "after":
            self._move()
        return found

    def _move(self) -> None:
        for sent in self._raw_topic.send(self._raw_topic.message(), partition=0):
            self._bench.connection.execute(
                "UPDATE consumer_progress SET next_offset = %s WHERE topic_id = %s AND partition = 0",
                [sent.offset + 1, self.id()],
            )


@pytest.mark.parametrize("moves", ["before", "after"])
def test_an_offset_that_moves_during_the_lookup_is_not_beyond_the_end(
    raw_topic: RawTopic, bench: Bench, moves: str
) -> None:
    """A worker that stores new records during the lookup does not make the offset look beyond the end."""
    raw_topic.send(raw_topic.message(), partition=0)
    topic = BusyTopic(raw_topic, bench, moves=moves)
    start_offsets.find(bench.connection, raw_topic.topic, [0])
    assert start_offsets.find(bench.connection, topic, [0]).stopped == {}


def test_without_partitions_kafka_is_not_asked(raw_topic: RawTopic, bench: Bench) -> None:
    """With no partitions, because they were revoked before the lookup, Kafka is not asked."""
    found = start_offsets.find(bench.connection, raw_topic.topic, [])
    assert (found.positions, found.stopped, found.missing) == ({}, {}, set())


def test_an_unanswered_partition_does_not_delay_others(raw_topic: RawTopic, bench: Bench) -> None:
    """A partition without a leader is reported as unanswered; the others are positioned."""

    class PartlySilent(RetryingTopic):
        def available_watermarks(self, partitions: Collection[int]) -> tuple[dict[int, Watermarks], dict[int, str]]:
            return super().available_watermarks(set(partitions) - {1})[0], dict.fromkeys(
                {1} & set(partitions), "no leader"
            )

    topic = PartlySilent(replaceable_admin_client(raw_topic.settings), raw_topic.settings.topic_raw)
    found = start_offsets.find(bench.connection, topic, [1, 2])
    assert (found.positions, found.unanswered) == ({2: StoredOffset(0)}, {1: "no leader"})
    with pytest.raises(UnavailableError, match="no leader"):
        start_offsets.find(bench.connection, topic, [1])


def test_a_partition_that_does_not_exist_is_missing(raw_topic: RawTopic, bench: Bench) -> None:
    """A partition that the recreated topic does not have is missing; the others are positioned."""
    found = start_offsets.find(bench.connection, raw_topic.topic, [3, 11])
    assert (found.positions, found.stopped, found.missing) == ({3: StoredOffset(0)}, {}, {11})


def test_a_new_partition_starts_at_its_beginning(raw_topic: RawTopic, bench: Bench, settings: Settings) -> None:
    """Partitions added to the topic are read from their first record, not from when they are noticed."""
    admin: AdminClient = kafka.admin_client(settings)
    wanted = [NewPartitions(settings.topic_raw, 7)]
    admin.create_partitions(wanted, request_timeout=DEADLINE_SECONDS)[settings.topic_raw].result(DEADLINE_SECONDS)
    # Kafka tells of a partition a little after it is made, and takes a message when it has a leader.
    eventually(lambda: 6 in raw_topic.topic.partitions(), "the new partition")
    raw_topic.send(raw_topic.message(), partition=6)
    assert start_offsets.find(bench.connection, raw_topic.topic, [6]).positions == {6: StoredOffset(0)}


@pytest.mark.parametrize(("leader_epoch", "is_stopped"), [(-1, True), (0, False)])
def test_beyond_the_end_without_an_epoch_is_stopped(
    raw_topic: RawTopic, bench: Bench, leader_epoch: int, *, is_stopped: bool
) -> None:
    """An offset beyond the end stops the partition when no leader epoch is known; the reason says what to rewind.

    With an epoch the offset is assigned, so that Kafka itself can say where its log parts from what was read.
    """
    raw_topic.send(raw_topic.message(), partition=4)
    start_offsets.find(bench.connection, raw_topic.topic, [4])
    bench.connection.execute(
        "UPDATE consumer_progress SET next_offset = 50, leader_epoch = %s WHERE partition = 4", [leader_epoch]
    )
    found = start_offsets.find(bench.connection, raw_topic.topic, [4])
    assert found.positions == {4: StoredOffset(50, leader_epoch)}
    assert found.ends.keys() == {4}
    assert ["rewind --partition 4 --to 0`" in why for why in found.stopped.values()] == [True] * is_stopped


def test_a_second_gap_at_the_same_offset_is_recorded(
    raw_topic: RawTopic, bench: Bench, settings: Settings, expect_errors: ExpectErrors
) -> None:
    """After a rewind Kafka may have deleted more than before: that gap is recorded, too."""
    expect_errors("events lost")
    admin: AdminClient = kafka.admin_client(settings)
    raw_topic.send(*(raw_topic.message() for _ in range(6)), partition=5)
    start_offsets.find(bench.connection, raw_topic.topic, [5])
    for low in (2, 4):
        where = TopicPartition(settings.topic_raw, 5, low)
        admin.delete_records([where], request_timeout=DEADLINE_SECONDS)[where].result(DEADLINE_SECONDS)
        bench.connection.execute("UPDATE consumer_progress SET next_offset = 0, leader_epoch = 0 WHERE partition = 5")
        assert start_offsets.find(bench.connection, raw_topic.topic, [5]).positions == {5: StoredOffset(low)}
    gaps = bench.query("SELECT from_offset, to_offset FROM progress_gaps WHERE partition = 5 ORDER BY to_offset")
    assert gaps == [(0, 2), (0, 4)]
