"""The three servers of a place: their ports, passwords and programs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from event_platform.local import kafka, postgres, redis, secrets_file
from event_platform.local.kafka import KafkaServer
from event_platform.local.kafka_jars import Say
from event_platform.local.place import Place
from event_platform.local.ports import free_port, is_free
from event_platform.local.postgres import PostgresServer
from event_platform.local.program import Program
from event_platform.local.redis import RedisServer

NAMES = ("postgres", "redis", "kafka")


class Ports(msgspec.Struct, frozen=True):
    """Where the servers listen."""

    postgres: int
    redis: int
    kafka: int
    kafka_controller: int


@dataclass(frozen=True)
class Servers:
    """The servers that a place can run."""

    postgres: PostgresServer
    redis: RedisServer
    kafka: KafkaServer


def choose(place: Place, preferred: Ports | None) -> Servers:
    """The place's servers on free ports: those they had last, else ``preferred``, else any."""
    last = _last_ports(place.ports)
    ports = _free_ports([ports for ports in (last, preferred) if ports])
    place.ports.write_bytes(msgspec.json.encode(ports))
    passwords = secrets_file.read_or_make(place.secrets)
    return Servers(
        PostgresServer(ports.postgres, passwords),
        RedisServer(ports.redis, passwords.redis),
        KafkaServer(ports.kafka, ports.kafka_controller),
    )


def _last_ports(path: Path) -> Ports | None:
    # A file that a full disk or a lost power left damaged is no reason not to start: any free ports will do.
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ports)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _free_ports(preferred: list[Ports]) -> Ports:
    chosen: dict[str, int] = {}
    for name in Ports.__struct_fields__:
        chosen[name] = free_port((getattr(ports, name) for ports in preferred), chosen.values())
    return Ports(**chosen)


def have_their_ports(servers: Servers) -> bool:
    """Whether none of the ports is taken by someone else; to be asked while the servers do not run."""
    kafka_ports = (servers.kafka.port, servers.kafka.controller_port)
    return all(is_free(port) for port in (servers.postgres.port, servers.redis.port, *kafka_ports))


def prepare(
    place: Place, servers: Servers, names: tuple[str, ...], kafka_home: Path | None, say: Say
) -> dict[str, Program]:
    """Make ready what the servers ``names`` need, side by side.

    Raises:
        PlatformError: Something is missing; the message says what.
    """
    steps = {
        "postgres": lambda: postgres.prepare(place, servers.postgres),
        "redis": lambda: redis.prepare(place, servers.redis),
        "kafka": lambda: kafka.prepare(place, servers.kafka, kafka_home, say),
    }
    with ThreadPoolExecutor(len(steps)) as pool:
        pending = {name: pool.submit(steps[name]) for name in names}
        return {name: future.result() for name, future in pending.items()}
