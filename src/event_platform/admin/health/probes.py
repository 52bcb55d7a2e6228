"""One check for each dependency: returns what is degraded, or None if all is well; raises if it is down."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata
from redis.exceptions import RedisError

from event_platform.admin.queries.database import Database, current_time
from event_platform.core import clock_skew
from event_platform.core.connections import kafka, redis
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

TIMEOUT_SECONDS: Final = 2.0

_MAX_ERROR_CHARACTERS: Final = 500
"""Enough for a short description of the error and the command that fixes it."""


async def probe_postgres(database: Database) -> str | None:
    """Read through the pool that all queries use, and compare the clocks.

    Raises:
        UnavailableError: Postgres does not answer, or its schema is too old.
    """
    async with database.connection() as connection:
        # Include the newest table: without it the schema is older than the queries of this service.
        await connection.execute("SELECT FROM events, event_counts_daily LIMIT 0")
        ahead = datetime.now(UTC) - await current_time(connection)
    return clock_skew.describe_skew(ahead.total_seconds(), "Postgres'")


async def probe_redis(settings: Settings) -> str | None:
    """PING on a new connection, and check that the server is a primary of the supported kind.

    Raises:
        UnavailableError: Redis does not answer.
        ConfigurationError: No Redis is configured.
    """
    return await asyncio.to_thread(_ping_redis, settings)


def _ping_redis(settings: Settings) -> str | None:
    client = redis.connect(settings)
    try:
        client.ping()
        server_info = redis.server_info(client)
        return redis.unsupported_reason(server_info) or redis.unavailable_reason(server_info)
    except RedisError as error:
        raise UnavailableError(f"PING: {error}") from error
    finally:
        client.close()


async def probe_kafka(admin: ReplaceableClient[AdminClient], topics: list[str]) -> str | None:
    """Check that a broker answers and that every partition of ``topics`` has a leader.

    Raises:
        UnavailableError: No broker answers, or a topic is missing.
    """
    known = (await asyncio.to_thread(_metadata, admin.current)).topics
    missing = [topic for topic in topics if topic not in known]
    if missing:
        raise UnavailableError(f"topic {missing[0]} does not exist: create it with `event-platform topics`")
    leaderless = [
        f"{topic}/{each.id}" for topic in topics for each in known[topic].partitions.values() if each.leader < 0
    ]
    return f"partitions without a leader: {', '.join(leaderless)}" if leaderless else None


def _metadata(admin: AdminClient) -> ClusterMetadata:
    try:
        return admin.list_topics(timeout=TIMEOUT_SECONDS)
    except KafkaException as error:
        raise kafka.unavailable_error("asking for topics", error) from error


async def probe_service(client: httpx.AsyncClient, address: str) -> str | None:
    """Read ``/health`` of the service at the URL ``address``.

    Raises:
        UnavailableError: The service does not answer, or its health is not a success.
    """
    url = f"{address}/health"
    try:
        response = await client.get(url)
    except httpx.HTTPError as error:
        raise UnavailableError(f"GET {url}: {str(error) or type(error).__name__}") from error
    reported = _reported_error(response)
    if not response.is_success:
        raise UnavailableError(reported or f"GET {url}: status {response.status_code}")
    return reported


def _reported_error(response: httpx.Response) -> str | None:
    """The error that a health response reports, if any."""
    try:
        body: Any = response.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("status") in {"ok", None}:
        return None
    if error := body.get("error"):
        return str(error)[:_MAX_ERROR_CHARACTERS]
    errors = _dependency_errors(body.get("dependencies"))
    return ("; ".join(errors) or str(body["status"]))[:_MAX_ERROR_CHARACTERS]


def _dependency_errors(dependencies: object) -> list[str]:
    listed = dependencies if isinstance(dependencies, list) else []
    return [
        f"{each.get('name')}: {each.get('error')}" for each in listed if isinstance(each, dict) and each.get("error")
    ]
