"""Topics of a test's own on the real broker."""

import pytest
from confluent_kafka.admin import AdminClient

from event_platform.core.connections.kafka import admin_client
from event_platform.core.settings.model import Settings

DAY_MS = 86_400_000


@pytest.fixture
def kafka_admin(settings: Settings) -> AdminClient:
    """An admin client of the real broker."""
    return admin_client(settings)


def with_topics(settings: Settings, name: str, **changes: object) -> Settings:
    """Return the settings with two topics of the test's own."""
    return settings.model_copy(update={"topic_raw": f"{name}.raw", "topic_dlq": f"{name}.dlq", **changes})
