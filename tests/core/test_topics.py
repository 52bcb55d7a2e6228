"""The two topics: their configuration, and how they are created and altered."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType
from hypothesis import given
from hypothesis import strategies as st
from tests.core.conftest import DAY_MS, with_topics
from tests.fixtures.waiting import eventually, retry_while_unavailable

from event_platform.core.connections.kafka import admin_client
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.topic_limits import check_topic_limits, max_message_bytes
from event_platform.core.topics import (
    SEGMENT_MS,
    TIMESTAMP_TYPE,
    WRAPPER_BYTES,
    Topic,
    create,
    dlq_topic,
    raw_topic,
    set_log_append_time,
)


def test_defaults_are_the_documented_ones() -> None:
    """The raw topic has six partitions and keeps seven days, the dead-letter topic three and thirty."""
    settings = load(_env_file=None)
    assert raw_topic(settings) == Topic("events.raw", 6, 7 * DAY_MS, 1_048_588)
    assert dlq_topic(settings) == Topic("events.dlq", 3, 30 * DAY_MS, 2 * 1_048_588 + 65_536)


@given(st.integers(256, 3_500_000), st.integers(1, 3_650))
def test_topics_hold_what_the_settings_allow(max_event_bytes: int, retention_days: int) -> None:
    """The largest event and its dead letter fit, and no record outlives the row it becomes."""
    settings = load(_env_file=None, max_event_bytes=max_event_bytes, retention_days=retention_days)
    raw, dlq = raw_topic(settings), dlq_topic(settings)
    assert raw.max_message_bytes >= max_event_bytes + WRAPPER_BYTES
    assert dlq.max_message_bytes >= 2 * raw.max_message_bytes + 65_536
    assert 0 < raw.retention_ms + SEGMENT_MS < retention_days * DAY_MS
    assert raw.retention_ms <= 7 * DAY_MS


def test_timestamp_type_of_existing_topics_is_altered(kafka_admin: AdminClient, settings: Settings) -> None:
    """A topic of an older version, with its producers' timestamps, is altered once; a new topic needs no change."""
    ours = raw_topic(with_topics(settings, f"{settings.topic_raw}.ours"))
    create(kafka_admin, [ours])
    old = NewTopic(
        f"{settings.topic_raw}.old", num_partitions=1, replication_factor=1, config={TIMESTAMP_TYPE: "CreateTime"}
    )
    kafka_admin.create_topics([old])[old.topic].result(60)
    names = [ours.name, old.topic]
    assert retry_while_unavailable(lambda: set_log_append_time(kafka_admin, names)) == [old.topic]
    assert eventually(lambda: set_log_append_time(kafka_admin, names) == [], "the change to take effect")


def test_create_is_idempotent(kafka_admin: AdminClient, settings: Settings) -> None:
    """Topics are created once, as configured; existing ones are left alone."""
    own = with_topics(settings, f"{settings.topic_raw}.made")
    wanted = [raw_topic(own), dlq_topic(own)]
    assert sorted(create(kafka_admin, wanted)) == sorted(topic.name for topic in wanted)
    assert create(kafka_admin, wanted) == []
    found = kafka_admin.list_topics(timeout=10).topics
    for topic in wanted:
        assert len(found[topic.name].partitions) == topic.partitions
        assert max_message_bytes(kafka_admin, topic.name) == topic.max_message_bytes
        resource = ConfigResource(ResourceType.TOPIC, topic.name)
        config = kafka_admin.describe_configs([resource])[resource].result()
        assert config["retention.ms"].value == str(topic.retention_ms)
        assert config["segment.ms"].value == str(SEGMENT_MS)
    check_topic_limits(kafka_admin, own)


def test_create_without_a_broker() -> None:
    """The error for an unavailable broker names the operation."""
    absent = load(_env_file=None, kafka_brokers="127.0.0.1:1")
    with pytest.raises(UnavailableError, match=r"^creating topics: "):
        create(admin_client(absent), [raw_topic(absent)])
