"""Connections to Redis: every call ends within a second, passwords never shown."""

import socket
import time

import pytest
from redis import Redis
from redis.exceptions import RedisError
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually

from event_platform.core.connections import redis
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings


def test_missing_url_is_an_error() -> None:
    """Without a Redis the error names the setting and the command that starts one."""
    with pytest.raises(ConfigurationError, match=r"REDIS_URL is not set.*event-platform up"):
        redis.url(load(_env_file=None, redis_url=None, redis_addr=None))


@pytest.mark.parametrize("url", ["redis://:hunter/2@localhost:6379/0", "redis://:hunter2@localhost:x/0"])
def test_unreadable_url_hides_its_password(url: str) -> None:
    """The error for a URL that cannot be parsed does not quote it."""
    with pytest.raises(ConfigurationError, match="REDIS_URL: expected redis://") as raised:
        redis.connect(load(_env_file=None, redis_url=url))
    assert "hunter" not in str(raised.value)


def test_real_server_answers(settings: Settings) -> None:
    """The client works against the real server, password included."""
    with redis.connect(settings) as client:
        eventually(lambda: _answers(client), "the server's answer")


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def test_protocol(settings: Settings) -> None:
    """The client speaks RESP 2, whatever its library's default is."""
    with redis.connect(settings) as client:
        assert int(client_info(client)["resp"]) == 2


def client_info(client: Redis) -> dict[str, str | int]:
    """Return what the server says about the connection, once it answers."""
    eventually(lambda: _answers(client), "the server's answer")
    return dict(client.client_info())


def test_single_primary_is_usable(settings: Settings) -> None:
    """The server's HELLO reply says what it is."""
    with redis.connect(settings) as client:
        eventually(lambda: _answers(client), "the server's answer")
        info = redis.server_info(client)
    assert info["mode"] == "standalone"
    assert redis.unsupported_reason(info) is redis.unavailable_reason(info) is None


@pytest.mark.parametrize(
    ("info", "unsupported", "unavailable"),
    [
        ({"mode": "cluster", "role": "master"}, "cluster-enabled no", None),
        ({"mode": "sentinel"}, "Sentinel", None),
        ({"mode": "standalone", "role": "replica"}, None, "primary"),
        ({"mode": "standalone", "role": "slave"}, None, "primary"),
        ({"mode": "standalone", "role": "master"}, None, None),
        ({}, None, None),
    ],
)
def test_unusable_servers(info: dict[str, str], unsupported: str | None, unavailable: str | None) -> None:
    """A cluster or a Sentinel can never be used, a replica not at present; the reason says what to do."""
    assert (unsupported or "") in (redis.unsupported_reason(info) or "")
    assert (redis.unsupported_reason(info) is None) == (unsupported is None)
    assert (unavailable or "") in (redis.unavailable_reason(info) or "")
    assert (redis.unavailable_reason(info) is None) == (unavailable is None)


@pytest.mark.timing
def test_stuck_server_costs_a_second(promised: Promised) -> None:
    """A server that accepts the connection and never answers costs one timeout, without a retry."""

    def seconds_until_timeout() -> float:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            client = redis.connect(load(_env_file=None, redis_url=f"redis://127.0.0.1:{port}/0"))
            started = time.monotonic()
            with client, pytest.raises(RedisError):
                client.ping()
        return time.monotonic() - started

    promised.within(2 * redis.TIMEOUT_SECONDS + 0.5, seconds_until_timeout)
