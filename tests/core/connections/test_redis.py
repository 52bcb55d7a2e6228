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
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load


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


def test_protocol(settings: Settings) -> None:
    """What is spoken is RESP 2, whatever the client's version would choose."""
    with redis.connect(settings) as client:
        assert int(patiently_told(client)["resp"]) == 2


def patiently_told(client: Redis) -> dict[str, str | int]:
    """What the server says of the connection."""
    eventually(lambda: _answers(client), "the server's answer")
    return dict(client.client_info())


def test_what_a_server_is(settings: Settings) -> None:
    """It says so itself; a single primary fits."""
    with redis.connect(settings) as client:
        eventually(lambda: _answers(client), "the server's answer")
        told = redis.server_info(client)
    assert told["mode"] == "standalone"
    assert redis.unsupported_reason(told) is redis.unavailable_reason(told) is None


@pytest.mark.parametrize(
    ("told", "misfit", "impaired"),
    [
        ({"mode": "cluster", "role": "master"}, "cluster-enabled no", None),
        ({"mode": "sentinel"}, "Sentinel", None),
        ({"mode": "standalone", "role": "replica"}, None, "primary"),
        ({"mode": "standalone", "role": "slave"}, None, "primary"),
        ({"mode": "standalone", "role": "master"}, None, None),
        ({}, None, None),
    ],
)
def test_what_does_not_fit(told: dict[str, str], misfit: str | None, impaired: str | None) -> None:
    """A cluster or a Sentinel never does, a replica not just now; each with what to do."""
    assert (misfit or "") in (redis.unsupported_reason(told) or "")
    assert (redis.unsupported_reason(told) is None) == (misfit is None)
    assert (impaired or "") in (redis.unavailable_reason(told) or "")
    assert (redis.unavailable_reason(told) is None) == (impaired is None)


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
