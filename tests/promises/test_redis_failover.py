"""P3, P4: ingest follows Redis to the server that took over, recognises duplicates there, and serves no wrong one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.ingest_client import MakeProducer, Producer, code, new_key
from tests.fixtures.ports import ReservePort
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.redis_servers import MakeRedis, RedisProcess
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

QUOTA = {"RATE_LIMIT_PER_MIN": 1_000_000}

# `now`: around midnight UTC a copy may rightly be stored twice (P3).
pytestmark = pytest.mark.usefixtures("loud_outages", "now")


def redis_of(service: Service) -> dict[str, str]:
    """What health says of Redis."""
    return next(each for each in service.health()["dependencies"] if each["name"] == "redis")


def is_told(service: Service, part: str) -> bool:
    """Whether health says that Redis is down, for a reason with that part."""
    entry = redis_of(service)
    return entry["status"] == "down" and part in entry["error"]


def is_duplicate(producer: Producer, key: str) -> bool:
    """Whether a copy of an accepted event is recognised."""
    return producer.post(key).json().get("duplicate") is True


@pytest.fixture
def pair(make_redis: MakeRedis) -> tuple[RedisProcess, RedisProcess]:
    """A primary and its replica."""
    first, second = make_redis(), make_redis()
    second.replicate(first)
    return first, second


def fail_over(first: RedisProcess, second: RedisProcess, address: Proxy) -> None:
    """Make the replica the primary, have its address lead there, and leave the former primary's connections alone."""
    second.promote()
    address.target_url = second.url
    first.ask("REPLICAOF", "127.0.0.1", second.port)


@pytest.mark.parametrize("workers", [1, 2])
def test_failover(
    run_service: RunService,
    producer_of: MakeProducer,
    pair: tuple[RedisProcess, RedisProcess],
    proxy: MakeProxy,
    workers: int,
) -> None:
    """What was accepted before a failover is a duplicate after it, though the old connection would have stayed."""
    first, second = pair
    address = proxy(first.url)
    service = run_service("ingest", "--workers", str(workers), REDIS_URL=address.url, **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).json()["duplicate"] is False
    assert first.client.wait(1, 10_000) == 1
    fail_over(first, second, address)
    # Without a script as well, as a replica that was started anew has none.
    second.client.script_flush()
    eventually(lambda: is_duplicate(producer, key), "the copy to be recognised")
    eventually(lambda: service.health()["status"] == "ok", "good health")
    fresh = new_key()
    assert [producer.post(fresh).json()["duplicate"] for _ in range(2)] == [False, True]


def test_failover_and_reject(
    run_service: RunService, producer_of: MakeProducer, pair: tuple[RedisProcess, RedisProcess], proxy: MakeProxy
) -> None:
    """Until there is a primary again it is an outage like any other: 503 where the settings say so, with the reason."""
    first, second = pair
    address = proxy(first.url)
    service = run_service("ingest", REDIS_URL=address.url, REDIS_OUTAGE="reject", **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    assert first.client.wait(1, 10_000) == 1
    first.ask("REPLICAOF", "127.0.0.1", second.port)
    response = producer.post(new_key())
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    eventually(lambda: is_told(service, "READONLY"), "the reason in its health")
    assert service.get("/health").status_code == 503
    fail_over(first, second, address)
    eventually(lambda: is_duplicate(producer, key), "the copy to be recognised")


def _as_replica(server: RedisProcess, _folder: Path) -> None:
    server.ask("REPLICAOF", "127.0.0.1", 9)


def _as_stale_replica(server: RedisProcess, folder: Path) -> None:
    server.client.config_set("replica-serve-stale-data", "no")
    _as_replica(server, folder)


def _without_replicas(server: RedisProcess, _folder: Path) -> None:
    server.client.config_set("min-replicas-to-write", "3")


def _without_memory(server: RedisProcess, _folder: Path) -> None:
    server.client.config_set("maxmemory", "1")


def _without_disk(server: RedisProcess, folder: Path) -> None:
    (folder / f"redis-{server.port}" / "dump.rdb" / "taken").mkdir(parents=True)
    server.client.config_set("save", "3600 1")
    server.client.bgsave()
    eventually(lambda: server.client.info("persistence")["rdb_last_bgsave_status"] == "err", "a save to fail")


def _without_rights(server: RedisProcess, _folder: Path) -> None:
    server.ask("ACL", "SETUSER", "default", "-set")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_as_replica, "READONLY"),
        (_as_stale_replica, "MASTERDOWN"),
        (_without_replicas, "NOREPLICAS"),
        (_without_disk, "MISCONF"),
        (_without_memory, "OOM"),
        (_without_rights, "no permissions"),
    ],
)
def test_a_server_of_no_use_is_left(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService,
    producer_of: MakeProducer,
    make_redis: MakeRedis,
    proxy: MakeProxy,
    tmp_path: Path,
    fault: Callable[[RedisProcess, Path], None],
    said: str,
) -> None:
    """Whatever a server says that takes no events, health tells it, and where the address leads by then is tried."""
    first, second = make_redis(), make_redis()
    address = proxy(first.url)
    service = run_service("ingest", REDIS_URL=address.url, **QUOTA)
    producer = producer_of(service)
    fault(first, tmp_path)
    eventually(lambda: is_told(service, said), "the reason in its health", explain=lambda: str(redis_of(service)))
    assert producer.post(new_key()).status_code == 202
    assert service.get("/health").status_code == 200
    address.target_url = second.url
    key = new_key()
    eventually(lambda: producer.post(key).status_code == 202 and is_duplicate(producer, key), "Redis to be used again")
    eventually(lambda: service.health()["status"] == "ok", "good health")


def test_a_server_that_heals_is_used_again(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis
) -> None:
    """A failover that is taken back, and connections that are killed, need nobody."""
    server = make_redis()
    service = run_service("ingest", REDIS_URL=server.url, **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    server.ask("REPLICAOF", "127.0.0.1", 9)
    eventually(lambda: is_told(service, "READONLY"), "the reason in its health")
    server.promote()
    eventually(lambda: is_duplicate(producer, key), "the copy to be recognised")
    server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    eventually(lambda: is_duplicate(producer, key), "the copy to be recognised")
    eventually(lambda: service.health()["status"] == "ok", "good health")


def test_a_server_that_is_full_of_clients(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis
) -> None:
    """What it says before it closes the connection is the reason in health."""
    server = make_redis()
    server.client.config_set("maxclients", "1")
    service = run_service("ingest", REDIS_URL=server.url, wait_until_ready=False, **QUOTA)
    eventually(lambda: is_told(service, "max number of clients"), "the reason in its health")
    server.client.config_set("maxclients", "100")
    eventually(lambda: service.health()["status"] == "ok", "good health")
    assert producer_of(service).post(new_key()).status_code == 202


def test_a_script_that_fails_though_the_probe_does_not(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis
) -> None:
    """Redis counts as down while its answers to events are errors, however well it answers probes."""
    server = make_redis()
    service = run_service("ingest", REDIS_URL=server.url, **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    # Only confirmations read so.
    server.ask("ACL", "SETUSER", "default", "-mget")
    assert producer.post(new_key()).status_code == 202
    eventually(lambda: is_told(service, "mget"), "the reason in its health")
    server.ask("ACL", "SETUSER", "default", "+mget")
    eventually(lambda: service.health()["status"] == "ok", "good health")
    assert is_duplicate(producer, key)


def test_a_cluster_is_refused_at_start(run_service: RunService, cluster: RedisProcess) -> None:
    """In a sentence that names the setting and says what to do, because it would fail under load only."""
    service = run_service("ingest", REDIS_URL=cluster.url, wait_until_ready=False)
    assert service.wait_until_ended() != 0
    assert "REDIS_URL: it is a node of a Redis Cluster" in service.log()
    assert "cluster-enabled no" in service.log()
    assert "Traceback" not in service.log()


def test_a_cluster_that_comes_later_is_told(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis, proxy: MakeProxy, cluster: RedisProcess
) -> None:
    """Ingest that was started without Redis meets a cluster: it is never well, and says why; another Redis heals it."""
    address = proxy(cluster.url)
    address.cut()
    service = run_service("ingest", REDIS_URL=address.url, wait_until_ready=False, **QUOTA)
    producer = producer_of(service)
    assert producer.post(new_key()).status_code == 202
    address.heal()
    eventually(lambda: is_told(service, "Redis Cluster"), "the reason in its health")
    assert service.health()["status"] == "degraded"
    address.target_url = make_redis().url
    eventually(lambda: service.health()["status"] == "ok", "good health")


@pytest.fixture
def cluster(make_redis: MakeRedis, reserve_port: ReservePort) -> RedisProcess:
    """A node of a cluster that has all slots, and takes each single key."""
    node = make_redis("--cluster-enabled", "yes", "--cluster-port", str(reserve_port()))
    node.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
    eventually(lambda: b"cluster_state:ok" in bytes(node.ask("CLUSTER", "INFO")), "the cluster to serve")
    return node
