"""Topics that exist are checked against what the settings allow."""

import pytest
from confluent_kafka.admin import AdminClient
from tests.core.conftest import DAY_MS, with_topics

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings
from event_platform.core.topic_limits import check_topic_limits
from event_platform.core.topics import (
    Topic,
    create,
    max_dead_letter_bytes,
)


def test_missing_topic_is_named(kafka_admin: AdminClient, settings: Settings) -> None:
    """The error for a missing topic names it, and the command that creates it."""
    missing = with_topics(settings, "nowhere")
    with pytest.raises(ConfigurationError, match=r"topic nowhere\.raw does not exist: .*event-platform topics"):
        check_topic_limits(kafka_admin, missing)


def test_topic_too_small_for_events(kafka_admin: AdminClient, settings: Settings) -> None:
    """`MAX_EVENT_BYTES` beyond the topic's limit is an error."""
    own = with_topics(settings, f"{settings.topic_raw}.small", max_event_bytes=3_000_000)
    create(kafka_admin, [Topic(own.topic_raw, 1, DAY_MS, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 8_000_000)])
    with pytest.raises(ConfigurationError, match=r"MAX_EVENT_BYTES=3000000 needs max\.message\.bytes of at least 3004"):
        check_topic_limits(kafka_admin, own)


def test_topic_too_small_for_dead_letters(kafka_admin: AdminClient, settings: Settings) -> None:
    """A dead-letter topic too small for the largest raw record is an error."""
    own = with_topics(settings, f"{settings.topic_raw}.dead")
    create(kafka_admin, [Topic(own.topic_raw, 1, DAY_MS, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 1_000_000)])
    with pytest.raises(
        ConfigurationError, match=rf"max\.message\.bytes=1000000; .* need {max_dead_letter_bytes(1_000_000)}"
    ):
        check_topic_limits(kafka_admin, own)


@pytest.mark.parametrize("retention_ms", [2 * DAY_MS, -1])
def test_topic_that_outlives_the_rows(kafka_admin: AdminClient, settings: Settings, retention_ms: int) -> None:
    """A raw topic that keeps records as long as the rows, or for ever, is an error: old records could not be stored."""
    own = with_topics(settings, f"{settings.topic_raw}.old{retention_ms % 7}", retention_days=2)
    create(kafka_admin, [Topic(own.topic_raw, 1, retention_ms, 1_000_000), Topic(own.topic_dlq, 1, DAY_MS, 8_000_000)])
    with pytest.raises(ConfigurationError, match=rf"RETENTION_DAYS=2 needs retention\.ms below {2 * DAY_MS}"):
        check_topic_limits(kafka_admin, own)
