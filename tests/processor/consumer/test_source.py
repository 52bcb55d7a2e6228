"""What the consumer accepts from the topic."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Message, Producer
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer import source as source_module
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.consumer.source import Source
from event_platform.processor.monitoring.timings import ignore_step
from event_platform.processor.polled_records import Record  # noqa: TC001 - annotations are read at run time
from event_platform.processor.storage.offset_store import StoredOffset


@pytest.fixture
def source(settings: Settings) -> Iterator[Source]:
    """A member of the group whose partitions have no position yet."""
    made = Source(settings, "tests", OffsetCommits(settings.topic_raw, ignore_step))
    made.subscribe()
    eventually(lambda: made.poll(0.1) or made.assignment.assigned, "the group's partitions")
    yield made
    made.close()


def poll_offsets(source: Source, until: int, partition: int) -> list[int]:
    """Poll up to the record at ``until``, and return the offsets of the partition's records."""
    taken: list[int] = []

    def has_all() -> bool:
        found = source.poll(0.1)
        taken.extend(record.offset for record in (found.records if found else ()) if record.partition == partition)
        return bool(taken) and taken[-1] >= until

    eventually(has_all, f"the record at {until}")
    return taken


def poll_client(source: Source) -> Message:
    """Poll the next message of the client directly, as if it arrived while fetching was being paused."""
    found: list[Message] = []

    def has_come() -> bool:
        message = source._consumer.poll(0.1)  # noqa: SLF001 - forced: the client gives it by chance only
        found.extend([message] if message is not None else [])
        return bool(found)

    eventually(has_come, "a message")
    return found[0]


@pytest.mark.parametrize("is_known", [True, False])
def test_messages_from_before_repositioning_are_not_accepted(
    raw_topic: RawTopic, source: Source, *, is_known: bool
) -> None:
    """A message from before a partition was repositioned does not make it skip what lies before the message.

    ``is_known``: it was buffered through a pause; else the client itself delivers it late, and nothing marks it.
    """
    partition = 2 + is_known
    start, *_, end = (
        sent.offset for sent in raw_topic.send(*(raw_topic.message() for _ in range(6)), partition=partition)
    )
    source.assignment.set_positions("topic-id", {partition: StoredOffset(end)})
    before = source.assignment.assignment_epoch_of(partition) or 0
    message = poll_client(source)
    source.assignment.reset_positions({partition})
    source.assignment.set_positions("topic-id", {partition: StoredOffset(start)})
    source._buffered = [(before if is_known else before + 1, message)]  # noqa: SLF001 - forced, as above
    assert poll_offsets(source, end, partition) == list(range(start, end + 1))


def test_a_batch_is_bounded_by_bytes(raw_topic: RawTopic, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch holds at most so many bytes, except for one larger record; no record is lost, and the order is kept."""
    monkeypatch.setattr(source_module, "MAX_BATCH_BYTES", 5_000)
    values = [b"x" * (4_000 if number == 7 else 9_000 if number == 11 else 1_000) for number in range(20)]
    sent = raw_topic.send(*values, partition=5)
    source.assignment.set_positions("topic-id", {5: StoredOffset(sent[0].offset)})
    batches: list[list[Record]] = []

    def has_all() -> bool:
        taken = source.poll(0.1)
        batches.extend([list(taken.records)] if taken else [])
        return sum(map(len, batches)) == len(values)

    eventually(has_all, "all records")
    assert [record.value for batch in batches for record in batch] == values
    sizes = [[len(record.value or b"") for record in batch] for batch in batches]
    assert all(sum(batch) <= 5_000 or batch == [9_000] for batch in sizes), sizes


def test_a_transactions_end_is_skipped(raw_topic: RawTopic, source: Source) -> None:
    """The offset of a transaction's end delivers no record: reading begins after it."""
    settings = raw_topic.settings
    producer = Producer({**kafka.client_config(settings, "tests"), "transactional.id": settings.topic_raw})
    producer.init_transactions(DEADLINE_SECONDS)
    producer.begin_transaction()
    producer.produce(settings.topic_raw, raw_topic.message(), partition=4)
    producer.commit_transaction(DEADLINE_SECONDS)
    eventually(lambda: raw_topic.topic.watermarks([4])[4].high == 2, "the end of the transaction")
    end = raw_topic.send(raw_topic.message(), partition=4)[-1].offset
    source.assignment.set_positions("topic-id", {4: StoredOffset(end - 1)})
    assert poll_offsets(source, end, 4) == [end]
