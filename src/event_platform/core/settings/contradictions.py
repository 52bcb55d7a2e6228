"""Settings that are valid alone but not together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from event_platform.core.addresses import LOOPBACK_HOSTS
from event_platform.core.settings.settings_by_command import Command, is_used_by

if TYPE_CHECKING:
    from event_platform.core.settings.model import Settings


def find_contradictions(settings: "Settings", command: Command | None) -> Iterator[str]:
    """Yield a sentence for each contradiction among the settings of ``command``, or among all if it is None."""
    yield from _missing_credentials(settings, command)
    # Kafka refuses a topic whose name differs from another's only in dots and underscores.
    if settings.topic_raw.replace(".", "_") == settings.topic_dlq.replace(".", "_"):
        topics = f"TOPIC_RAW={settings.topic_raw} and TOPIC_DLQ={settings.topic_dlq}"
        yield f"{topics}: dead letters need a topic of their own"
    if command is None:
        yield from _shared_ports(settings)


def _missing_credentials(settings: "Settings", command: Command | None) -> Iterator[str]:
    has_keys = settings.api_keys or settings.api_keys_file
    if is_used_by(command, "api_keys") and settings.ingest_host not in LOOPBACK_HOSTS and not has_keys:
        yield f"INGEST_HOST={settings.ingest_host} is not loopback: API_KEYS or API_KEYS_FILE must be given"
    if is_used_by(command, "admin_tokens") and settings.admin_host not in LOOPBACK_HOSTS and not settings.admin_tokens:
        yield f"ADMIN_HOST={settings.admin_host} is not loopback: ADMIN_TOKENS must be given"


def _shared_ports(settings: "Settings") -> Iterator[str]:
    """Find services with the same port, which is a mistake only if they all run on one machine."""
    owners: dict[int, str] = {}
    for name in ("ingest_port", "admin_port", "processor_port"):
        port = getattr(settings, name)
        # Port 0 becomes a different free port for each service.
        if port in owners and port != 0:
            yield f"{owners[port].upper()} and {name.upper()} are both {port}: each service needs a port of its own"
        owners[port] = name
