"""Readiness: whether events can be accepted, with one entry per dependency."""

from typing import Any, Literal

from event_platform.ingest.dependency_status import DependencyStatus


def describe(
    redis: DependencyStatus, kafka: DependencyStatus, clock: DependencyStatus, outage: Literal["accept", "reject"]
) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and body of ``/health``: 503 when events cannot be accepted.

    The clock is listed only while it differs from that of Redis.
    """
    can_accept = kafka.is_up and (redis.is_up or outage == "accept")
    status = "ok" if kafka.is_up and redis.is_up and clock.is_up else "degraded" if can_accept else "down"
    listed = [redis, kafka] if clock.is_up else [redis, kafka, clock]
    body = {"status": status, "dependencies": [each.describe() for each in listed]}
    return 200 if can_accept else 503, body
