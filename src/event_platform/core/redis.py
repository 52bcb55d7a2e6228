"""Connections to Redis for all but the hot path, which has a link of its own in ``ingest``."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings import Settings

TIMEOUT_SECONDS = 1.0


def url(settings: Settings) -> str:
    """The URL of the Redis to use.

    Raises:
        ConfigurationError: Neither `REDIS_URL` nor `REDIS_ADDR` is set.
    """
    given = settings.given_redis_url
    if given is None:
        raise ConfigurationError("REDIS_URL is not set: give the URL of a Redis, or start one with `event-platform up`")
    return given


def connect(settings: Settings) -> Redis:
    """A client whose every call ends within a second and is never tried twice behind the caller's back.

    Raises:
        ConfigurationError: No Redis is named, or its URL cannot be read.
    """
    try:
        return Redis.from_url(
            url(settings),
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        # The client's message may quote a part of the password.
        raise ConfigurationError("REDIS_URL: expected redis://[:password@]host:port/database") from None
