"""Readiness: whether events can be accepted, with one entry per dependency."""

from typing import Any, Literal

from event_platform.ingest.standing import Standing


def describe(
    redis: Standing, kafka: Standing, clock: Standing, outage: Literal["accept", "reject"]
) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of ``/health``: 503 when events cannot be accepted; the clock is shown where it is wrong."""
    needed_up = kafka.up and (redis.up or outage == "accept")
    status = "ok" if kafka.up and redis.up and clock.up else "degraded" if needed_up else "down"
    shown = [redis, kafka] if clock.up else [redis, kafka, clock]
    body = {"status": status, "dependencies": [each.describe() for each in shown]}
    return 200 if needed_up else 503, body
