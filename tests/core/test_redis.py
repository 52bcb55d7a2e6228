"""Connections to Redis: every call ends within a second, passwords never shown."""

import socket
import time

import pytest
from redis import Redis
from redis.exceptions import RedisError
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually

from event_platform.core import redis
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings import Settings, load


def test_missing_url_says_what_to_do() -> None:
    """Without a Redis the error names the setting and the command that starts one."""
    with pytest.raises(ConfigurationError, match=r"REDIS_URL is not set.*event-platform up"):
        redis.url(load(_env_file=None, redis_url=None, redis_addr=None))


@pytest.mark.parametrize("url", ["redis://:hunter/2@localhost:6379/0", "redis://:hunter2@localhost:x/0"])
def test_unreadable_url_hides_its_password(url: str) -> None:
    """A URL that cannot be read is refused without being quoted."""
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


@pytest.mark.timing
def test_hung_server_costs_a_second(promised: Promised) -> None:
    """A server that accepts and never answers is given up after the deadline, without a second try."""

    def seconds_until_given_up() -> float:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            client = redis.connect(load(_env_file=None, redis_url=f"redis://127.0.0.1:{port}/0"))
            started = time.monotonic()
            with client, pytest.raises(RedisError):
                client.ping()
        return time.monotonic() - started

    promised.within(2 * redis.TIMEOUT_SECONDS + 0.5, seconds_until_given_up)
