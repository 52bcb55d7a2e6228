"""Settings that are valid alone but not together."""

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ingest_host": "192.0.2.1"},
            "INGEST_HOST=192.0.2.1 is not loopback: API_KEYS or API_KEYS_FILE must be given",
        ),
        ({"admin_host": "::", "api_keys": "a:k"}, "ADMIN_HOST=:: is not loopback: ADMIN_TOKENS must be given"),
        (
            {"topic_dlq": "events.raw"},
            "TOPIC_RAW=events.raw and TOPIC_DLQ=events.raw: dead letters need a topic of their own",
        ),
        (
            {"topic_dlq": "events_raw"},
            "TOPIC_RAW=events.raw and TOPIC_DLQ=events_raw: dead letters need a topic of their own",
        ),
        ({"admin_port": 8080}, "INGEST_PORT and ADMIN_PORT are both 8080: each service needs a port of its own"),
    ],
)
def test_contradiction_is_an_error(given: dict[str, object], said: str) -> None:
    """The error names the settings that contradict each other."""
    with pytest.raises(ConfigurationError) as raised:
        load(**given)
    assert str(raised.value) == said
