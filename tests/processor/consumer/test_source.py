"""What the consumer takes of the topic."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Message, Producer
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.core.settings.declaration import Settings
from event_platform.processor.consumer import source as source_module
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.consumer.source import Source
from event_platform.processor.monitoring.timings import ignore_step
from event_platform.processor.records import Record  # noqa: TC001 - annotations are read at run time
from event_platform.processor.storage.offset_store import Position


@pytest.fixture
def source(settings: Settings) -> Iterator[Source]:
    """A member of the group that reads no partition yet."""
    made = Source(settings, "tests", OffsetCommits(settings.topic_raw, ignore_step))
    made.subscribe()
    eventually(lambda: made.poll(0.1) or made.assignment.assigned, "the group's partitions")
    yield made
    made.close()


def offsets_taken(source: Source, until: int, partition: int) -> list[int]:
    """Offsets of the records that it takes, up to ``until``."""
    taken: list[int] = []

    def has_all() -> bool:
        found = source.poll(0.1)
        taken.extend(record.offset for record in (found.records if found else ()) if record.partition == partition)
        return bool(taken) and taken[-1] >= until

    eventually(has_all, f"the record at {until}")
    return taken


def read_early(source: Source) -> Message:
    """The next message of the client, as it may come in the moment in which fetching is paused."""
    found: list[Message] = []

    def has_come() -> bool:
        message = source._consumer.poll(0.1)  # noqa: SLF001 - forced: the client gives it by chance only
        found.extend([message] if message is not None else [])
        return bool(found)

    eventually(has_come, "a message")
    return found[0]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_was_read_before_a_partition_was_placed_anew_is_not_taken(
    raw_topic: RawTopic, source: Source, *, is_known: bool
) -> None:
    """A message from where the partition stood before does not leave out what lies before it.

    Whether it was kept through a pause, or the client itself delivers it late, so that nothing tells it from others.
    """
    partition = 2 + is_known
    start, *_, end = (
        sent.offset for sent in raw_topic.send(*(raw_topic.message() for _ in range(6)), partition=partition)
    )
    source.assignment.set_positions("topic-id", {partition: Position(end)})
    before = source.assignment.epoch_of(partition) or 0
    message = read_early(source)
    source.assignment.reset_positions({partition})
    source.assignment.set_positions("topic-id", {partition: Position(start)})
    source._buffered = [(before if is_known else before + 1, message)]  # noqa: SLF001 - forced, as above
    assert offsets_taken(source, end, partition) == list(range(start, end + 1))


def test_a_batch_is_bounded_by_bytes(raw_topic: RawTopic, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch holds no more than so much, but for one larger record; nothing is left out, and order is kept."""
    monkeypatch.setattr(source_module, "MAX_BATCH_BYTES", 5_000)
    values = [b"x" * (4_000 if number == 7 else 9_000 if number == 11 else 1_000) for number in range(20)]
    sent = raw_topic.send(*values, partition=5)
    source.assignment.set_positions("topic-id", {5: Position(sent[0].offset)})
    batches: list[list[Record]] = []

    def has_all() -> bool:
        taken = source.poll(0.1)
        batches.extend([list(taken.records)] if taken else [])
        return sum(map(len, batches)) == len(values)

    eventually(has_all, "all records")
    assert [record.value for batch in batches for record in batch] == values
    sizes = [[len(record.value or b"") for record in batch] for batch in batches]
    assert all(sum(batch) <= 5_000 or batch == [9_000] for batch in sizes), sizes


def test_a_gap_of_kafkas_own_is_passed(raw_topic: RawTopic, source: Source) -> None:
    """The end of a transaction takes an offset, at which nothing is ever delivered: reading begins behind it."""
    settings = raw_topic.settings
    producer = Producer({**kafka.client_config(settings, "tests"), "transactional.id": settings.topic_raw})
    producer.init_transactions(DEADLINE_SECONDS)
    producer.begin_transaction()
    producer.produce(settings.topic_raw, raw_topic.message(), partition=4)
    producer.commit_transaction(DEADLINE_SECONDS)
    eventually(lambda: raw_topic.topic.watermarks([4])[4].high == 2, "the end of the transaction")
    end = raw_topic.send(raw_topic.message(), partition=4)[-1].offset
    source.assignment.set_positions("topic-id", {4: Position(end - 1)})
    assert offsets_taken(source, end, 4) == [end]
