"""Connections to Redis for all but the hot path, which has a link of its own in ``ingest``."""

from collections.abc import Mapping
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings

TIMEOUT_SECONDS = 1.0

# Spoken by every server and proxy; without it the client's default decides, which changes with its versions.
_PROTOCOL: Final = 2

NO_CLUSTER: Final = (
    "it is a node of a Redis Cluster, where one call cannot touch the keys of several tenants:"
    " set REDIS_URL to a Redis with cluster mode off (cluster-enabled no)"
)
_NO_SENTINEL: Final = "it is a Sentinel, which keeps no data: set REDIS_URL to the Redis that it watches over"
_REPLICA: Final = "it is a replica, which takes no writes: set REDIS_URL to its primary"


def url(settings: Settings) -> str:
    """The URL of the Redis to use.

    Raises:
        ConfigurationError: Neither `REDIS_URL` nor `REDIS_ADDR` is set.
    """
    given = settings.given_redis_url
    if given is None:
        raise ConfigurationError("REDIS_URL is not set: give the URL of a Redis, or start one with `event-platform up`")
    return given


def setting_name(settings: Settings) -> str:
    """The setting that names the Redis to use."""
    return "REDIS_URL" if settings.redis_url else "REDIS_ADDR"


def connect(settings: Settings) -> Redis:
    """A client whose every call ends within a second and is never tried twice behind the caller's back.

    Raises:
        ConfigurationError: No Redis is named, or its URL cannot be read.
    """
    try:
        return from_url(url(settings))
    except ValueError:
        # The client's message may quote a part of the password.
        raise ConfigurationError("REDIS_URL: expected redis://[:password@]host:port/database") from None


def from_url(url: str) -> Redis:
    """The same for a URL; raises `ValueError`."""
    return Redis.from_url(
        url,
        protocol=_PROTOCOL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def hello(client: Redis) -> Mapping[str, Any]:
    """What the server says of itself; empty where it does not know the question.

    Raises:
        UnavailableError: It does not answer.
    """
    try:
        return facts(client.execute_command("HELLO"))  # type: ignore[no-untyped-call]  # it has no annotations
    except ResponseError:
        return {}
    except RedisError as error:
        raise UnavailableError(f"HELLO: {error}") from error


def facts(told: object) -> Mapping[str, Any]:
    """The answer to ``HELLO``, which RESP 2 makes a list of names and values, by name."""
    parts = list(told) if isinstance(told, list) else []
    return {_text(name): _text(value) for name, value in zip(parts[::2], parts[1::2], strict=False)}


def _text(value: object) -> Any:  # noqa: ANN401 - a name, or whatever has that name
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def misfit(told: Mapping[str, Any]) -> str | None:
    """Why a server that says this of itself can never serve, whatever it will be later; with what to do."""
    return {"cluster": NO_CLUSTER, "sentinel": _NO_SENTINEL}.get(told.get("mode", ""))


def impaired(told: Mapping[str, Any]) -> str | None:
    """Why a server that says this of itself cannot serve just now; with what to do."""
    return _REPLICA if told.get("role") in {"replica", "slave"} else None
