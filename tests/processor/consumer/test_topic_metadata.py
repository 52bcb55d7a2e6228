"""What Kafka answers about the raw topic, and what counts as no answer."""

import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import retry_while_unavailable

from event_platform.core.connections.replaceable_client import replaceable_admin_client
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer.topic_metadata import Topic, Watermarks


def test_an_unanswered_partition_leaves_others_their_watermarks(raw_topic: RawTopic, settings: Settings) -> None:
    """A partition that Kafka does not know has a reason, and the others have their watermarks."""
    raw_topic.send(raw_topic.message(), partition=1)
    topic = Topic(replaceable_admin_client(settings), settings.topic_raw)
    known, silent = retry_while_unavailable(lambda: topic.available_watermarks([1, 99]))
    assert known == {1: Watermarks(0, 1)}
    assert silent.keys() == {99}
    assert silent[99].startswith(f"asking for the offsets of topic {topic.name}: ")
    with pytest.raises(UnavailableError):
        topic.watermarks([1, 99])


def test_no_answer_is_no_offset(raw_topic: RawTopic, servers: RunningServers, settings: Settings) -> None:
    """While Kafka is stuck, the client returns numbers that are no offsets, without an error; they are ignored."""
    raw_topic.send(raw_topic.message(), partition=0)
    topic = Topic(replaceable_admin_client(settings), settings.topic_raw)
    assert retry_while_unavailable(lambda: topic.watermarks([0])) == {0: Watermarks(0, 1)}
    servers.pause("kafka")
    try:
        with pytest.raises(UnavailableError, match=f"asking for the offsets of topic {topic.name}: "):
            topic.watermarks([0])
    finally:
        servers.resume("kafka")
