"""Where partitions go on, while the topic and other workers move."""

from collections.abc import Collection

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import PatientTopic, RawTopic
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench

from event_platform.core.connections import kafka
from event_platform.core.connections.replaceable_client import lasting_admin_client
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.processor.consumer import start_offsets
from event_platform.processor.consumer.topic import Watermarks
from event_platform.processor.storage.offset_store import Position


class BusyTopic(PatientTopic):
    """A topic whose partition 0 is read to its new end by another worker while we ask for its watermarks."""

    def __init__(self, raw_topic: RawTopic, bench: Bench, *, moves: str) -> None:
        """Move ``before`` or ``after`` Kafka has answered."""
        super().__init__(lasting_admin_client(raw_topic.settings), raw_topic.settings.topic_raw)
        self._raw_topic = raw_topic
        self._bench = bench
        self._moves = moves

    def available_watermarks(self, partitions: Collection[int]) -> tuple[dict[int, Watermarks], dict[int, str]]:
        """As Kafka has them."""
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
def test_who_is_ahead_of_what_we_asked_is_not_beyond_the_end(raw_topic: RawTopic, bench: Bench, moves: str) -> None:
    """Another worker that stores new messages while we look does not make the partition look torn off."""
    raw_topic.send(raw_topic.message(), partition=0)
    topic = BusyTopic(raw_topic, bench, moves=moves)
    start_offsets.find(bench.connection, raw_topic.topic, [0])
    assert start_offsets.find(bench.connection, topic, [0]).stopped == {}


def test_no_partition_is_no_question(raw_topic: RawTopic, bench: Bench) -> None:
    """Of what was taken from us while we wanted to ask, nothing is asked."""
    found = start_offsets.find(bench.connection, raw_topic.topic, [])
    assert (found.positions, found.stopped, found.missing) == ({}, {}, set())


def test_a_partition_that_is_silent_holds_up_none(raw_topic: RawTopic, bench: Bench) -> None:
    """Kafka cannot say of one partition what it holds, as without a leader: the others are read; it is asked again."""

    class PartlySilent(PatientTopic):
        def available_watermarks(self, partitions: Collection[int]) -> tuple[dict[int, Watermarks], dict[int, str]]:
            return super().available_watermarks(set(partitions) - {1})[0], dict.fromkeys(
                {1} & set(partitions), "no leader"
            )

    topic = PartlySilent(lasting_admin_client(raw_topic.settings), raw_topic.settings.topic_raw)
    found = start_offsets.find(bench.connection, topic, [1, 2])
    assert (found.positions, found.unanswered) == ({2: Position(0)}, {1: "no leader"})
    with pytest.raises(UnavailableError, match="no leader"):
        start_offsets.find(bench.connection, topic, [1])


def test_a_partition_that_is_not_there_is_absent(raw_topic: RawTopic, bench: Bench) -> None:
    """The topic was made anew with fewer: the others are read, and nobody waits for it."""
    found = start_offsets.find(bench.connection, raw_topic.topic, [3, 11])
    assert (found.positions, found.stopped, found.missing) == ({3: Position(0)}, {}, {11})


def test_a_new_partition_starts_at_its_beginning(raw_topic: RawTopic, bench: Bench, settings: Settings) -> None:
    """Partitions added to the topic are read from their first message on, and not only from when they are noticed."""
    admin: AdminClient = kafka.admin_client(settings)
    wanted = [NewPartitions(settings.topic_raw, 7)]
    admin.create_partitions(wanted, request_timeout=DEADLINE_SECONDS)[settings.topic_raw].result(DEADLINE_SECONDS)
    # Kafka tells of a partition a little after it is made, and takes a message when it has a leader.
    eventually(lambda: 6 in raw_topic.topic.partitions(), "the new partition")
    raw_topic.send(raw_topic.message(), partition=6)
    assert start_offsets.find(bench.connection, raw_topic.topic, [6]).positions == {6: Position(0)}


@pytest.mark.parametrize(("leader_epoch", "is_stopped"), [(-1, True), (0, False)])
def test_beyond_the_end_without_an_epoch_is_stopped(
    raw_topic: RawTopic, bench: Bench, leader_epoch: int, *, is_stopped: bool
) -> None:
    """Nobody can say then where the log parts from what was read, so that a person is told to read all of it again.

    With an epoch the partition is assigned, for Kafka itself to say where.
    """
    raw_topic.send(raw_topic.message(), partition=4)
    start_offsets.find(bench.connection, raw_topic.topic, [4])
    bench.connection.execute(
        "UPDATE consumer_progress SET next_offset = 50, leader_epoch = %s WHERE partition = 4", [leader_epoch]
    )
    found = start_offsets.find(bench.connection, raw_topic.topic, [4])
    assert found.positions == {4: Position(50, leader_epoch)}
    assert found.ends.keys() == {4}
    assert ["rewind --partition 4 --to 0`" in why for why in found.stopped.values()] == [True] * is_stopped


def test_the_same_start_may_be_lost_twice(
    raw_topic: RawTopic, bench: Bench, settings: Settings, expect_errors: ExpectErrors
) -> None:
    """After a rewind Kafka may have dropped more than before: that gap is recorded, too."""
    expect_errors("events lost")
    admin: AdminClient = kafka.admin_client(settings)
    raw_topic.send(*(raw_topic.message() for _ in range(6)), partition=5)
    start_offsets.find(bench.connection, raw_topic.topic, [5])
    for low in (2, 4):
        where = TopicPartition(settings.topic_raw, 5, low)
        admin.delete_records([where], request_timeout=DEADLINE_SECONDS)[where].result(DEADLINE_SECONDS)
        bench.connection.execute("UPDATE consumer_progress SET next_offset = 0, leader_epoch = 0 WHERE partition = 5")
        assert start_offsets.find(bench.connection, raw_topic.topic, [5]).positions == {5: Position(low)}
    gaps = bench.query("SELECT from_offset, to_offset FROM progress_gaps WHERE partition = 5 ORDER BY to_offset")
    assert gaps == [(0, 2), (0, 4)]
