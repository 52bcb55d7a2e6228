"""Offsets committed to Kafka."""

import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.processor.consumer import commits
from event_platform.processor.monitoring.timings import ignore_step


def test_an_idle_partition_is_committed(raw_topic: RawTopic, run_service: RunService) -> None:
    """A crash between Postgres' commit and Kafka's leaves no lag behind: idle partitions are committed at the start."""
    settings = raw_topic.settings
    for sent in raw_topic.send(*(raw_topic.message() for _ in range(3)), partition=0):
        assert sent.partition == 0
    with raw_topic.connect() as connection:
        connection.execute(
            "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, 0, 3)",
            (settings.topic_raw, raw_topic.topic.id()),
        )
    run_service("processor")
    reader = Consumer({**kafka.client_config(settings, "tests"), "group.id": settings.kafka_group})
    try:
        eventually(lambda: _committed(reader, settings.topic_raw) == 3, "the commit of the idle partition")
    finally:
        reader.close()
    assert raw_topic.one("SELECT count(*) FROM events") == 0


def test_an_older_commit_that_arrives_late_is_superseded(raw_topic: RawTopic, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the client delivers an older commit after a newer one, the newer one is sent again."""
    monkeypatch.setattr(commits, "RESEND_SECONDS", 0.5)
    settings = raw_topic.settings
    offset_commits = commits.OffsetCommits(settings.topic_raw, ignore_step)
    config = {**kafka.client_config(settings, "tests"), "group.id": f"{settings.kafka_group}.late"}
    consumer = Consumer({**config, "on_commit": offset_commits.on_commit})
    try:
        offset_commits.request({1: 7})
        offset_commits.send(consumer, [1])
        eventually(lambda: consumer.poll(0.1) or _committed(consumer, settings.topic_raw, 1) == 7, "the commit")
        consumer.commit(offsets=[TopicPartition(settings.topic_raw, 1, 5)], asynchronous=False)
        assert _committed(consumer, settings.topic_raw, 1) == 5

        def is_newer() -> bool:
            offset_commits.send(consumer, [1])
            consumer.poll(0.1)
            return _committed(consumer, settings.topic_raw, 1) == 7

        eventually(is_newer, "the newer one")
    finally:
        consumer.close()


def _committed(reader: Consumer, topic: str, partition: int = 0) -> int:
    return reader.committed([TopicPartition(topic, partition)], timeout=DEADLINE_SECONDS)[0].offset
