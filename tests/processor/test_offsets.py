"""What Kafka is told of where the processor stands."""

from confluent_kafka import Consumer, TopicPartition
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core import kafka


def test_kafka_learns_where_postgres_stands_though_nothing_comes(raw_topic: RawTopic, run_service: RunService) -> None:
    """Who was killed between the two commits leaves no lag behind for ever: an idle partition is committed, too."""
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


def _committed(reader: Consumer, topic: str) -> int:
    return reader.committed([TopicPartition(topic, 0)], timeout=DEADLINE_SECONDS)[0].offset
