"""Connections to Redis for everything but the hot path, for which ingest has its own client."""

from collections.abc import Mapping
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.model import Settings

TIMEOUT_SECONDS: Final = 1.0

# RESP 2, which every server and proxy supports; the client library's default changes between its versions.
_PROTOCOL: Final = 2

NO_CLUSTER: Final = (
    "it is a node of a Redis Cluster, where one call cannot touch the keys of several tenants:"
    " set REDIS_URL to a Redis with cluster mode off (cluster-enabled no)"
)
_NO_SENTINEL: Final = "it is a Sentinel, which keeps no data: set REDIS_URL to the Redis that it monitors"
_REPLICA: Final = "it is a replica, which takes no writes: set REDIS_URL to its primary"


def url(settings: Settings) -> str:
    """Return the URL of the Redis to use.

    Raises:
        ConfigurationError: Neither `REDIS_URL` nor `REDIS_ADDR` is set.
    """
    configured = settings.configured_redis_url
    if configured is None:
        raise ConfigurationError("REDIS_URL is not set: give the URL of a Redis, or start one with `event-platform up`")
    return configured


def setting_name(settings: Settings) -> str:
    """Return the name of the setting that has the address of the Redis to use."""
    return "REDIS_URL" if settings.redis_url else "REDIS_ADDR"


def connect(settings: Settings) -> Redis:
    """Create a client whose calls time out after a second and are not retried.

    Raises:
        ConfigurationError: No Redis is configured, or its URL cannot be parsed.
    """
    try:
        return from_url(url(settings))
    except ValueError:
        # The library's message may quote a part of the password.
        raise ConfigurationError("REDIS_URL: expected redis://[:password@]host:port/database") from None


def from_url(url: str) -> Redis:
    """Create a client for ``url`` like `connect`; raises `ValueError` if it cannot be parsed."""
    return Redis.from_url(
        url,
        protocol=_PROTOCOL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def server_info(client: Redis) -> Mapping[str, Any]:
    """Return the server's reply to ``HELLO``; empty if it does not know the command.

    Raises:
        UnavailableError: The server does not answer.
    """
    try:
        return parse_hello(client.execute_command("HELLO"))  # type: ignore[no-untyped-call]  # it has no annotations
    except ResponseError:
        return {}
    except RedisError as error:
        raise UnavailableError(f"HELLO: {error}") from error


def parse_hello(reply: object) -> Mapping[str, Any]:
    """Convert a RESP 2 reply to ``HELLO``, a flat list of names and values, into a mapping."""
    parts = list(reply) if isinstance(reply, list) else []
    return {_decode(name): _decode(value) for name, value in zip(parts[::2], parts[1::2], strict=False)}


def _decode(value: object) -> Any:  # noqa: ANN401 - a name, or a value of any type
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def unsupported_reason(info: Mapping[str, Any]) -> str | None:
    """Return why a server with this ``HELLO`` reply can never be used, and what to do; None if it can."""
    return {"cluster": NO_CLUSTER, "sentinel": _NO_SENTINEL}.get(info.get("mode", ""))


def unavailable_reason(info: Mapping[str, Any]) -> str | None:
    """Return why a server with this ``HELLO`` reply cannot be used at present, and what to do; None if it can."""
    return _REPLICA if info.get("role") in {"replica", "slave"} else None
