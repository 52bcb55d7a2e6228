"""P2, P5: a topic made anew under its name is another topic, and is read from its start."""

from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient
from tests.fixtures.raw_topic import RawTopic, await_true
from tests.fixtures.services import RunService

from event_platform.core import kafka, topics


@pytest.fixture
def admin(raw_topic: RawTopic) -> AdminClient:
    """An administrative client."""
    return kafka.admin_client(raw_topic.settings)


@pytest.mark.parametrize("is_longer", [False, True])
def test_recreated_topic_starts_anew(
    raw_topic: RawTopic, run_service: RunService, admin: AdminClient, *, is_longer: bool
) -> None:
    """A topic made anew under its name is read from its start, whether or not it reaches where the old one stood."""
    processor = run_service("processor")
    raw_topic.send_good(100)
    raw_topic.await_processed()
    _make_anew(raw_topic, admin, partitions=6)
    raw_topic.send_good(1_000 if is_longer else 20)
    raw_topic.await_processed(90)
    raw_topic.assert_balanced()
    await_true(processor.is_ready, 30, "readiness")
    assert processor.log().count("the topic was made anew") <= 1


@pytest.mark.long
def test_recreated_topic_with_fewer_partitions(
    raw_topic: RawTopic, run_service: RunService, admin: AdminClient
) -> None:
    """Partitions that are no longer there are not waited for, neither by a running processor nor by its successor."""
    processor = run_service("processor")
    _make_anew(raw_topic, admin, partitions=2)
    # Producers keep the old number of partitions in mind for a while.
    anew = RawTopic(raw_topic.settings)
    for _ in range(2):
        anew.send_good(100)
        anew.await_processed(90)
        await_true(processor.is_ready, 30, "readiness")
        processor.kill()
        processor = run_service("processor")
    anew.assert_balanced()


def _make_anew(raw_topic: RawTopic, admin: AdminClient, partitions: int) -> None:
    name = raw_topic.settings.topic_raw
    old_id = raw_topic.topic.id()
    admin.delete_topics([name])[name].result(10)
    await_true(lambda: name not in admin.list_topics(timeout=5).topics, what="deleting the topic")
    topics.create(admin, [replace(topics.raw_topic(raw_topic.settings), partitions=partitions)])
    await_true(lambda: raw_topic.topic.id() != old_id, what="another topic id")
