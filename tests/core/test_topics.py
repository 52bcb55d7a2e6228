"""The two topics: made as designed, and checked against what the settings allow."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.waiting import eventually, patiently

from event_platform.core.connections.kafka import admin_client
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.core.topic_limits import check_topic_limits, max_message_bytes
from event_platform.core.topics import (
    SEGMENT_MS,
    TIMESTAMP_TYPE,
    WRAPPER_BYTES,
    Topic,
    create,
    dlq_topic,
    max_dead_letter_bytes,
    raw_topic,
    set_log_append_time,
)

DAY_MS = 86_400_000


@pytest.fixture
def admin(settings: Settings) -> AdminClient:
    """An administrative client of the real broker."""
    return admin_client(settings)


def renamed(settings: Settings, name: str, **changes: object) -> Settings:
    """The settings with two topics of their own."""
    return settings.model_copy(update={"topic_raw": f"{name}.raw", "topic_dlq": f"{name}.dlq", **changes})


def test_defaults_are_the_designs() -> None:
    """Six partitions for seven days, and three for thirty."""
    settings = load(_env_file=None)
    assert raw_topic(settings) == Topic("events.raw", 6, 7 * DAY_MS, 1_048_588)
    assert dlq_topic(settings) == Topic("events.dlq", 3, 30 * DAY_MS, 2 * 1_048_588 + 65_536)


@given(st.integers(256, 3_500_000), st.integers(1, 3_650))
def test_topics_hold_what_settings_allow(max_event_bytes: int, retention_days: int) -> None:
    """The largest event fits, its dead letter too, and no message outlives the row it becomes."""
    settings = load(_env_file=None, max_event_bytes=max_event_bytes, retention_days=retention_days)
    raw, dlq = raw_topic(settings), dlq_topic(settings)
    assert raw.max_message_bytes >= max_event_bytes + WRAPPER_BYTES
    assert dlq.max_message_bytes >= 2 * raw.max_message_bytes + 65_536
    assert 0 < raw.retention_ms + SEGMENT_MS < retention_days * DAY_MS
    assert raw.retention_ms <= 7 * DAY_MS


def test_existing_topics_have_kafka_stamp(admin: AdminClient, settings: Settings) -> None:
    """One of an older version, with its producers' times, is altered once; a topic of ours is so from the start."""
    ours = raw_topic(renamed(settings, f"{settings.topic_raw}.ours"))
    create(admin, [ours])
    old = NewTopic(
        f"{settings.topic_raw}.old", num_partitions=1, replication_factor=1, config={TIMESTAMP_TYPE: "CreateTime"}
    )
    admin.create_topics([old])[old.topic].result(60)
    names = [ours.name, old.topic]
    assert patiently(lambda: set_log_append_time(admin, names)) == [old.topic]
    assert eventually(lambda: set_log_append_time(admin, names) == [], "the change")


def test_create_makes_and_keeps(admin: AdminClient, settings: Settings) -> None:
    """Topics are made once as asked; a second time nothing happens, and existing ones are left alone."""
    own = renamed(settings, f"{settings.topic_raw}.made")
    wanted = [raw_topic(own), dlq_topic(own)]
    assert sorted(create(admin, wanted)) == sorted(topic.name for topic in wanted)
    assert create(admin, wanted) == []
    found = admin.list_topics(timeout=10).topics
    for topic in wanted:
        assert len(found[topic.name].partitions) == topic.partitions
        assert max_message_bytes(admin, topic.name) == topic.max_message_bytes
        resource = ConfigResource(ResourceType.TOPIC, topic.name)
        config = admin.describe_configs([resource])[resource].result()
        assert config["retention.ms"].value == str(topic.retention_ms)
        assert config["segment.ms"].value == str(SEGMENT_MS)
    check_topic_limits(admin, own)


def test_create_without_a_broker_is_an_outage() -> None:
    """Without a broker the error says what was being done."""
    absent = load(_env_file=None, kafka_brokers="127.0.0.1:1")
    with pytest.raises(UnavailableError, match=r"^creating topics: "):
        create(admin_client(absent), [raw_topic(absent)])


def test_missing_topic_is_named(admin: AdminClient, settings: Settings) -> None:
    """A topic that is not there is named with the command that makes it."""
    missing = renamed(settings, "nowhere")
    with pytest.raises(ConfigurationError, match=r"topic nowhere\.raw does not exist: .*event-platform topics"):
        check_topic_limits(admin, missing)


def test_topic_too_small_for_events_is_named(admin: AdminClient, settings: Settings) -> None:
    """`MAX_EVENT_BYTES` beyond what the topic takes stops the start."""
    own = renamed(settings, f"{settings.topic_raw}.small", max_event_bytes=3_000_000)
    create(admin, [Topic(own.topic_raw, 1, DAY_MS, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 8_000_000)])
    with pytest.raises(ConfigurationError, match=r"MAX_EVENT_BYTES=3000000 needs max\.message\.bytes of at least 3004"):
        check_topic_limits(admin, own)


def test_topic_too_small_for_dead_letters_is_named(admin: AdminClient, settings: Settings) -> None:
    """A dead-letter topic that could not take the largest raw message stops the start."""
    own = renamed(settings, f"{settings.topic_raw}.dead")
    create(admin, [Topic(own.topic_raw, 1, DAY_MS, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 1_000_000)])
    with pytest.raises(
        ConfigurationError, match=rf"max\.message\.bytes=1000000; .* need {max_dead_letter_bytes(1_000_000)}"
    ):
        check_topic_limits(admin, own)


@pytest.mark.parametrize("retention_ms", [2 * DAY_MS, -1])
def test_topic_that_outlives_the_rows_is_named(admin: AdminClient, settings: Settings, retention_ms: int) -> None:
    """A raw topic kept as long as the rows, or for ever, stops the start: old messages could not be stored."""
    own = renamed(settings, f"{settings.topic_raw}.old{retention_ms % 7}", retention_days=2)
    create(admin, [Topic(own.topic_raw, 1, retention_ms, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 8_000_000)])
    with pytest.raises(ConfigurationError, match=rf"RETENTION_DAYS=2 needs retention\.ms below {2 * DAY_MS}"):
        check_topic_limits(admin, own)
