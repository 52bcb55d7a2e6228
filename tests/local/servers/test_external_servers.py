"""External servers are checked first, and an unusable one is reported with what was tried."""

import time
from pathlib import Path

import pytest
from redis import Redis
from tests.fixtures.ports import ReservePort
from tests.fixtures.redis_servers import MakeRedis
from tests.fixtures.servers import RunningServers
from tests.fixtures.timing import Promised

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.local.cli import doctor
from event_platform.local.servers import external_servers

NOBODY = "127.0.0.1:9"


def settings_with(**values: str) -> Settings:
    """Settings with these values only."""
    return load(_env_file=None, **values)


def test_servers_that_answer_pass(servers: RunningServers) -> None:
    """All three together."""
    named = settings_with(
        kafka_brokers=servers.kafka_brokers, database_url=servers.database_url, redis_url=servers.redis_url
    )
    assert external_servers.names(named) == {"kafka", "postgres", "redis"}
    external_servers.check(named)


def test_redis_addr_names_an_external_redis(servers: RunningServers) -> None:
    """Ours refuses it without the password, and the error names `REDIS_ADDR`."""
    with pytest.raises(ConfigurationError, match=r"REDIS_ADDR: tried to ping 127\.0\.0\.1:\d+: .*[Aa]uth"):
        external_servers.check(settings_with(redis_addr=f"127.0.0.1:{servers.local.redis.port}"))
    with Redis.from_url(servers.redis_url) as client:
        assert client.ping()


def test_an_unsuitable_redis_is_refused(make_redis: MakeRedis, reserve_port: ReservePort, tmp_path: Path) -> None:
    """A cluster node and a replica both answer, but cannot serve the platform; `doctor` reports that, too."""
    node = make_redis("--cluster-enabled", "yes", "--cluster-port", str(reserve_port()))
    replica = make_redis("--replicaof", "127.0.0.1", "9")
    for server, said in ((node, "Redis Cluster"), (replica, "replica")):
        settings = settings_with(redis_url=server.url, event_platform_home=str(tmp_path))
        with pytest.raises(ConfigurationError, match=rf"REDIS_URL: 127\.0\.0\.1:{server.port} answers, but .*{said}"):
            external_servers.check(settings)
        found = next(each for each in doctor.run_checks(settings) if each.subject == "redis")
        assert not found.is_ok
        assert said in found.message


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kafka_brokers": NOBODY}, r"KAFKA_BROKERS=127\.0\.0\.1:9: asked 127\.0\.0\.1:9"),
        ({"database_url": f"postgresql://me:secret@{NOBODY}/db"}, r"DATABASE_URL: .* me@127\.0\.0\.1:9/db: .*refused"),
        ({"redis_url": f"redis://:secret@{NOBODY}/0"}, r"REDIS_URL: tried to ping 127\.0\.0\.1:9: .*refused"),
    ],
    ids=["kafka", "postgres", "redis"],
)
@pytest.mark.timing
def test_an_unavailable_server_is_named_within_seconds(values: dict[str, str], said: str, promised: Promised) -> None:
    """The error has the setting and what was tried, but not the password."""

    def seconds_until_named() -> float:
        started = time.monotonic()
        with pytest.raises(ConfigurationError, match=said) as caught:
            external_servers.check(settings_with(**values))
        assert "secret" not in str(caught.value)
        return time.monotonic() - started

    promised.within(10, seconds_until_named)


def test_a_wrong_password_is_reported(servers: RunningServers) -> None:
    """The error has the server's message, but not the password that was given."""
    wrong = servers.database_url.replace(servers.local.postgres.passwords.postgres_superuser, "guessed")
    with pytest.raises(ConfigurationError, match="password authentication failed") as caught:
        external_servers.check(settings_with(database_url=wrong))
    assert "guessed" not in str(caught.value)
