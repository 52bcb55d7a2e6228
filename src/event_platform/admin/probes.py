"""One question to each part of the platform: does it work? Each raises, or says what is impaired, or says nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata
from redis.exceptions import RedisError

from event_platform.admin.database import Database, clock
from event_platform.core import clock_skew
from event_platform.core.connections import kafka, redis
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings

PROBE_SECONDS: Final = 2.0

_TOLD: Final = 500
"""Characters: what is wrong in a few words, and the command that mends it."""


async def postgres(database: Database) -> str | None:
    """A read, through the same pool as every other, and whether our clocks agree; raises `UnavailableError`."""
    async with database.reading() as connection:
        # The newest table, too: without it the schema is older than the questions that are asked of it.
        await connection.execute("SELECT FROM events, event_counts_daily LIMIT 0")
        ahead = datetime.now(UTC) - await clock(connection)
    return clock_skew.describe_skew(ahead.total_seconds(), "Postgres'")


async def redis_server(settings: Settings) -> str | None:
    """A PING on a connection of its own, and what it is; raises `UnavailableError` or `ConfigurationError`."""
    return await asyncio.to_thread(_ping, settings)


def _ping(settings: Settings) -> str | None:
    client = redis.connect(settings)
    try:
        client.ping()
        told = redis.server_info(client)
        return redis.unsupported_reason(told) or redis.unavailable_reason(told)
    except RedisError as error:
        raise UnavailableError(f"PING: {error}") from error
    finally:
        client.close()


async def kafka_topics(admin: ReplaceableClient[AdminClient], topics: list[str]) -> str | None:
    """Whether a broker answers and the topics can be written; raises `UnavailableError`."""
    known = (await asyncio.to_thread(_metadata, admin.current)).topics
    missing = [topic for topic in topics if topic not in known]
    if missing:
        raise UnavailableError(f"topic {missing[0]} does not exist: create it with `event-platform topics`")
    orphans = [f"{topic}/{each.id}" for topic in topics for each in known[topic].partitions.values() if each.leader < 0]
    return f"partitions without a leader: {', '.join(orphans)}" if orphans else None


def _metadata(admin: AdminClient) -> ClusterMetadata:
    try:
        return admin.list_topics(timeout=PROBE_SECONDS)
    except KafkaException as error:
        raise kafka.unavailable_error("asking for topics", error) from error


async def service(client: httpx.AsyncClient, address: str) -> str | None:
    """What the service at the URL ``address`` says of itself; raises `UnavailableError` if not ready, or silent."""
    url = f"{address}/health"
    try:
        answer = await client.get(url)
    except httpx.HTTPError as error:
        raise UnavailableError(f"GET {url}: {str(error) or type(error).__name__}") from error
    told = _told(answer)
    if not answer.is_success:
        raise UnavailableError(told or f"GET {url}: status {answer.status_code}")
    return told


def _told(answer: httpx.Response) -> str | None:
    """What a health answer says is wrong, if it says so."""
    try:
        body: Any = answer.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("status") in {"ok", "ready", None}:
        return None
    if error := body.get("error"):
        return str(error)[:_TOLD]
    dependencies = body.get("dependencies")
    parts = dependencies if isinstance(dependencies, list) else []
    wrong = [
        f"{each.get('name')}: {each.get('error')}" for each in parts if isinstance(each, dict) and each.get("error")
    ]
    return ("; ".join(wrong) or str(body["status"]))[:_TOLD]
