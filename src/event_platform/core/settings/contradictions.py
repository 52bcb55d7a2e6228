"""Settings that are each right and cannot hold together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from event_platform.core.settings.readers import Reader, reads

if TYPE_CHECKING:
    from event_platform.core.settings.declaration import Settings

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def contradictions(settings: "Settings", reader: Reader | None) -> Iterator[str]:
    """Sentences on what ``reader`` reads, or on everything without one."""
    yield from _open_without_keys(settings, reader)
    # Kafka refuses a topic whose name differs from another's in dots and underscores only.
    if settings.topic_raw.replace(".", "_") == settings.topic_dlq.replace(".", "_"):
        topics = f"TOPIC_RAW={settings.topic_raw} and TOPIC_DLQ={settings.topic_dlq}"
        yield f"{topics}: dead letters need a topic of their own"
    if reader is None:
        yield from _same_port(settings)


def _open_without_keys(settings: "Settings", reader: Reader | None) -> Iterator[str]:
    has_keys = settings.api_keys or settings.api_keys_file
    if reads(reader, "api_keys") and settings.ingest_host not in LOOPBACK and not has_keys:
        yield f"INGEST_HOST={settings.ingest_host} is not loopback: API_KEYS or API_KEYS_FILE must be given"
    if reads(reader, "admin_tokens") and settings.admin_host not in LOOPBACK and not settings.admin_tokens:
        yield f"ADMIN_HOST={settings.admin_host} is not loopback: ADMIN_TOKENS must be given"


def _same_port(settings: "Settings") -> Iterator[str]:
    """For one machine; on several, services may well have the same."""
    owners: dict[int, str] = {}
    for name in ("ingest_port", "admin_port", "processor_port"):
        port = getattr(settings, name)
        # Each 0 becomes another port.
        if port in owners and port != 0:
            yield f"{owners[port].upper()} and {name.upper()} are both {port}: each service needs a port of its own"
        owners[port] = name
