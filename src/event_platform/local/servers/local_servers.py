"""The three servers of a place: their ports, passwords and programs."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from event_platform.core.errors import UnavailableError
from event_platform.local.process.program import Program
from event_platform.local.servers import kafka, postgres, redis
from event_platform.local.servers.kafka import KafkaServer
from event_platform.local.servers.kafka_jars import Say
from event_platform.local.servers.ports import Reservations, is_free
from event_platform.local.servers.postgres import PostgresServer
from event_platform.local.servers.redis import RedisServer
from event_platform.local.state_dir import password_file
from event_platform.local.state_dir.directory import Place

NAMES = ("postgres", "redis", "kafka")

_CHOICES: Final = 3
"""Of ports, before a start is given up."""

Started = TypeVar("Started")


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

    @property
    def ports(self) -> tuple[int, ...]:
        """All that they listen on."""
        return (self.postgres.port, self.redis.port, self.kafka.port, self.kafka.controller_port)


def choose(place: Place, preferred: Ports | None, reservations: Reservations) -> Servers:
    """The place's servers on ports reserved for them: those they had last, else ``preferred``, else any.

    Raises:
        ConfigurationError: The place's passwords cannot be read.
        UnavailableError: No free port was found.
    """
    last = _last_ports(place.ports)
    ports = _reserve([ports for ports in (last, preferred) if ports], reservations)
    # Other ports the next time are better than no start, on a full disk.
    with contextlib.suppress(OSError):
        place.ports.write_bytes(msgspec.json.encode(ports))
    passwords = password_file.read_or_make(place.secrets)
    return Servers(
        PostgresServer(ports.postgres, passwords),
        RedisServer(ports.redis, passwords.redis),
        KafkaServer(ports.kafka, ports.kafka_controller),
    )


def _last_ports(path: Path) -> Ports | None:
    # A file that a full disk or a lost power left damaged is no reason not to start: any free ports will do.
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ports)
    except (OSError, msgspec.DecodeError):
        return None


def _reserve(preferred: list[Ports], reservations: Reservations) -> Ports:
    return Ports(
        **{name: reservations.reserve(getattr(ports, name) for ports in preferred) for name in Ports.__struct_fields__}
    )


def start_on_free_ports(
    choose_servers: Callable[[], Servers], start: Callable[[Servers], Started], reservations: Reservations, say: Say
) -> tuple[Servers, Started]:
    """Start servers; on other ports where another program took one of theirs after it was reserved, which is said.

    Args:
        choose_servers: Chooses servers on reserved ports.
        start: Starts these; where it fails, it leaves none of them running.
        reservations: Where the ports are reserved.
        say: Called with what happened.

    Raises:
        UnavailableError: One does not start.
    """
    for _ in range(_CHOICES):
        servers = choose_servers()
        try:
            return servers, start(servers)
        except UnavailableError:
            if all(is_free(port) for port in servers.ports):
                raise
            say("a port was taken meanwhile; moving to others")
            reservations.release(*servers.ports)
    raise UnavailableError("other programs took every port that was chosen for the servers")


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
