"""P2, P5: a topic that was deleted and created again is another topic, and is read from its start."""

from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core import topics
from event_platform.core.connections import kafka
from event_platform.core.errors import UnavailableError
from event_platform.processor.consumer.topic_metadata import Topic

pytestmark = pytest.mark.usefixtures("loud_outages")


@pytest.fixture
def admin(raw_topic: RawTopic) -> AdminClient:
    """An administrative client."""
    return kafka.admin_client(raw_topic.settings)


@pytest.mark.parametrize("is_seen", [True, False])
def test_recreated_topic_is_read_from_its_start(
    raw_topic: RawTopic, run_service: RunService, admin: AdminClient, *, is_seen: bool
) -> None:
    """A topic that was deleted and created again is read from its start.

    That holds even where the processor sees nothing of the change, and the new one reaches beyond where the old one
    stood, so that reading on would look right.
    """
    processor = run_service("processor")
    raw_topic.send_good(100)
    raw_topic.await_processed()
    if not is_seen:
        processor.freeze()
    _make_anew(raw_topic, admin, partitions=6)
    raw_topic.send_good(20 if is_seen else 1_000)
    processor.thaw()
    raw_topic.await_processed()
    raw_topic.assert_balanced()
    processor.wait_until_ready()
    assert processor.log().count("topic was recreated") <= 1


@pytest.mark.long
def test_recreated_topic_with_fewer_partitions(
    raw_topic: RawTopic, run_service: RunService, admin: AdminClient
) -> None:
    """Partitions that no longer exist are ignored, although the group still assigns them."""
    run_service("processor").kill()
    _make_anew(raw_topic, admin, partitions=2)
    # It rejoins before its name expires, so that the group assigns it what it had.
    run_service("processor")
    # Producers cache the old number of partitions for a while.
    anew = RawTopic(raw_topic.settings)
    anew.send_good(100)
    anew.await_processed()
    anew.assert_balanced()


def _make_anew(raw_topic: RawTopic, admin: AdminClient, partitions: int) -> None:
    name = raw_topic.settings.topic_raw
    old_id = raw_topic.topic.id()
    admin.delete_topics([name], request_timeout=DEADLINE_SECONDS)[name].result(DEADLINE_SECONDS)
    eventually(lambda: name not in admin.list_topics(timeout=DEADLINE_SECONDS).topics, "deleting the topic")
    topics.create(admin, [replace(topics.raw_topic(raw_topic.settings), partitions=partitions)])
    eventually(lambda: _id_of(raw_topic.topic) not in {None, old_id}, "another topic id")


def _id_of(topic: Topic) -> str | None:
    try:
        return topic.id()
    except UnavailableError:
        return None
