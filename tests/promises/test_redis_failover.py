"""P3, P4: ingest follows a Redis failover, detects duplicates after it, and never uses an unusable server."""

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


def redis_entry(service: Service) -> dict[str, str]:
    """Return the entry of Redis in ``/health``."""
    return next(each for each in service.health()["dependencies"] if each["name"] == "redis")


def is_down_with(service: Service, part: str) -> bool:
    """Tell whether health reports Redis as down with ``part`` in the error."""
    entry = redis_entry(service)
    return entry["status"] == "down" and part in entry["error"]


def is_duplicate(producer: Producer, key: str) -> bool:
    """Tell whether a copy of an accepted event is a duplicate."""
    return producer.post(key).json().get("duplicate") is True


@pytest.fixture
def pair(make_redis: MakeRedis) -> tuple[RedisProcess, RedisProcess]:
    """A primary and its replica."""
    first, second = make_redis(), make_redis()
    second.replicate(first)
    return first, second


def fail_over(first: RedisProcess, second: RedisProcess, address: Proxy) -> None:
    """Promote the replica and point the address at it; leave the connections of the former primary open."""
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
    """An event accepted before a failover is a duplicate after it, although the old connection stayed open."""
    first, second = pair
    address = proxy(first.url)
    service = run_service("ingest", "--workers", str(workers), REDIS_URL=address.url, **QUOTA)
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    producer, key = producer_of(service), new_key()
    assert producer.post(key).json()["duplicate"] is False
    assert first.client.wait(1, 10_000) == 1
    fail_over(first, second, address)
    # Without a script as well, because a restarted replica has none.
    second.client.script_flush()
    eventually(lambda: is_duplicate(producer, key), "the copy to be a duplicate")
    eventually(lambda: service.health()["status"] == "ok", "recovery")
    fresh = new_key()
    assert [producer.post(fresh).json()["duplicate"] for _ in range(2)] == [False, True]


def test_failover_and_reject(
    run_service: RunService, producer_of: MakeProducer, pair: tuple[RedisProcess, RedisProcess], proxy: MakeProxy
) -> None:
    """Without a primary it is an outage: 503 with REDIS_OUTAGE=reject, and health gives the reason."""
    first, second = pair
    address = proxy(first.url)
    service = run_service("ingest", REDIS_URL=address.url, REDIS_OUTAGE="reject", **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    assert first.client.wait(1, 10_000) == 1
    first.ask("REPLICAOF", "127.0.0.1", second.port)
    response = producer.post(new_key())
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    eventually(lambda: is_down_with(service, "READONLY"), "the reason in health")
    assert service.get("/health").status_code == 503
    fail_over(first, second, address)
    eventually(lambda: is_duplicate(producer, key), "the copy to be a duplicate")


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
def test_ingest_leaves_an_unusable_server(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService,
    producer_of: MakeProducer,
    make_redis: MakeRedis,
    proxy: MakeProxy,
    tmp_path: Path,
    fault: Callable[[RedisProcess, Path], None],
    said: str,
) -> None:
    """Health reports the error of an unusable server, and ingest reconnects to what the address leads to by then."""
    first, second = make_redis(), make_redis()
    address = proxy(first.url)
    service = run_service("ingest", REDIS_URL=address.url, **QUOTA)
    producer = producer_of(service)
    fault(first, tmp_path)
    eventually(lambda: is_down_with(service, said), "the reason in health", explain=lambda: str(redis_entry(service)))
    assert producer.post(new_key()).status_code == 202
    assert service.get("/health").status_code == 200
    address.target_url = second.url
    key = new_key()
    eventually(lambda: producer.post(key).status_code == 202 and is_duplicate(producer, key), "Redis to recover")
    eventually(lambda: service.health()["status"] == "ok", "recovery")


def test_recovered_server_is_used_again(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis
) -> None:
    """Ingest recovers by itself from a reverted failover and from killed connections."""
    server = make_redis()
    service = run_service("ingest", REDIS_URL=server.url, **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    server.ask("REPLICAOF", "127.0.0.1", 9)
    eventually(lambda: is_down_with(service, "READONLY"), "the reason in health")
    server.promote()
    eventually(lambda: is_duplicate(producer, key), "the copy to be a duplicate")
    server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    eventually(lambda: is_duplicate(producer, key), "the copy to be a duplicate")
    eventually(lambda: service.health()["status"] == "ok", "recovery")


def test_server_out_of_connections(run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis) -> None:
    """Health reports the error that Redis sends before it closes a connection beyond its bound."""
    server = make_redis()
    server.client.config_set("maxclients", "1")
    service = run_service("ingest", REDIS_URL=server.url, wait_until_ready=False, **QUOTA)
    eventually(lambda: is_down_with(service, "max number of clients"), "the reason in health")
    server.client.config_set("maxclients", "100")
    eventually(lambda: service.health()["status"] == "ok", "recovery")
    assert producer_of(service).post(new_key()).status_code == 202


def test_failing_script_with_successful_probe(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis
) -> None:
    """Redis is marked down while its replies to events are errors, even if it answers probes."""
    server = make_redis()
    service = run_service("ingest", REDIS_URL=server.url, **QUOTA)
    producer, key = producer_of(service), new_key()
    assert producer.post(key).status_code == 202
    # Only confirmations read so.
    server.ask("ACL", "SETUSER", "default", "-mget")
    assert producer.post(new_key()).status_code == 202
    eventually(lambda: is_down_with(service, "mget"), "the reason in health")
    server.ask("ACL", "SETUSER", "default", "+mget")
    eventually(lambda: service.health()["status"] == "ok", "recovery")
    assert is_duplicate(producer, key)


def test_cluster_stops_the_start(run_service: RunService, cluster: RedisProcess) -> None:
    """A cluster stops the start with the setting's name and what to do, because it would fail only under load."""
    service = run_service("ingest", REDIS_URL=cluster.url, wait_until_ready=False)
    assert service.wait_until_ended() != 0
    assert "REDIS_URL: it is a node of a Redis Cluster" in service.log()
    assert "cluster-enabled no" in service.log()
    assert "Traceback" not in service.log()


def test_cluster_found_after_the_start(
    run_service: RunService, producer_of: MakeProducer, make_redis: MakeRedis, proxy: MakeProxy, cluster: RedisProcess
) -> None:
    """A cluster found after the start keeps health degraded with the reason; another Redis recovers it."""
    address = proxy(cluster.url)
    address.cut()
    service = run_service("ingest", REDIS_URL=address.url, wait_until_ready=False, **QUOTA)
    producer = producer_of(service)
    assert producer.post(new_key()).status_code == 202
    address.heal()
    eventually(lambda: is_down_with(service, "Redis Cluster"), "the reason in health")
    assert service.health()["status"] == "degraded"
    address.target_url = make_redis().url
    eventually(lambda: service.health()["status"] == "ok", "recovery")


@pytest.fixture
def cluster(make_redis: MakeRedis, reserve_port: ReservePort) -> RedisProcess:
    """A cluster node with all slots, which accepts every single key."""
    node = make_redis("--cluster-enabled", "yes", "--cluster-port", str(reserve_port()))
    node.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
    eventually(lambda: b"cluster_state:ok" in bytes(node.ask("CLUSTER", "INFO")), "the cluster to serve")
    return node
