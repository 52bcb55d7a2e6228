"""The three local servers of a state directory: their ports, passwords and programs.

`choose` picks ports and reads passwords, `prepare` turns servers into programs, and `start_on_free_ports` repeats both
on other ports when another program takes one. Tests and benchmarks start their servers with the same three functions.
"""

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
from event_platform.local.servers.kafka_jars import ReportStep
from event_platform.local.servers.ports import PortReservations, is_free
from event_platform.local.servers.postgres import PostgresServer
from event_platform.local.servers.redis import RedisServer
from event_platform.local.state_dir import password_file
from event_platform.local.state_dir.directory import StateDirectory

NAMES: Final = ("postgres", "redis", "kafka")

_START_ATTEMPTS: Final = 3
"""Each on other ports."""

Started = TypeVar("Started")


class ServerPorts(msgspec.Struct, frozen=True):
    """The ports that the servers listen on."""

    postgres: int
    redis: int
    kafka: int
    kafka_controller: int


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses and passwords of the three servers that one state directory can run.

    Attributes:
        postgres: Port and passwords, and from them a URL for each role.
        redis: Port and password, and from them the URL.
        kafka: Ports of broker and controller, and the value of ``bootstrap.servers``.
    """

    postgres: PostgresServer
    redis: RedisServer
    kafka: KafkaServer

    @property
    def ports(self) -> tuple[int, ...]:
        """All ports that the servers listen on."""
        return (self.postgres.port, self.redis.port, self.kafka.port, self.kafka.controller_port)


def choose(state_dir: StateDirectory, preferred: ServerPorts | None, reservations: PortReservations) -> Servers:
    """Choose the servers' ports and reserve them: those they had last, else ``preferred``, else random free ones.

    Raises:
        ConfigurationError: The state directory's passwords cannot be read.
        UnavailableError: No free port was found.
    """
    last = _last_ports(state_dir.ports_file)
    ports = _reserve([ports for ports in (last, preferred) if ports], reservations)
    # On a full disk, other ports the next time are better than no start.
    with contextlib.suppress(OSError):
        state_dir.ports_file.write_bytes(msgspec.json.encode(ports))
    passwords = password_file.read_or_create(state_dir.passwords_file)
    return Servers(
        PostgresServer(ports.postgres, passwords),
        RedisServer(ports.redis, passwords.redis),
        KafkaServer(ports.kafka, ports.kafka_controller),
    )


def _last_ports(path: Path) -> ServerPorts | None:
    # A full disk or a power loss may leave the file damaged; any free ports will do then.
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServerPorts)
    except (OSError, msgspec.DecodeError):
        return None


def _reserve(preferred: list[ServerPorts], reservations: PortReservations) -> ServerPorts:
    names = ServerPorts.__struct_fields__
    return ServerPorts(**{name: reservations.reserve(getattr(ports, name) for ports in preferred) for name in names})


def start_on_free_ports(
    choose_servers: Callable[[], Servers],
    start: Callable[[Servers], Started],
    reservations: PortReservations,
    report_step: ReportStep,
) -> tuple[Servers, Started]:
    """Start servers; retry on other ports where another program took one of theirs after it was reserved.

    Args:
        choose_servers: Returns servers on reserved ports; see `choose`.
        start: Starts these and returns whatever the caller needs of them; leaves none of them running when it fails.
        reservations: Where the ports are reserved; those of a failed attempt are released.
        report_step: Called with one line when ports change.

    Returns:
        The servers that run, and what ``start`` returned.

    Raises:
        UnavailableError: A server does not start.
    """
    for _ in range(_START_ATTEMPTS):
        servers = choose_servers()
        try:
            return servers, start(servers)
        except UnavailableError:
            if all(is_free(port) for port in servers.ports):
                raise
            report_step("a port was taken meanwhile; moving to others")
            reservations.release(*servers.ports)
    raise UnavailableError("other programs took every port that was chosen for the servers")


def prepare(
    state_dir: StateDirectory,
    servers: Servers,
    names: tuple[str, ...],
    kafka_home: Path | None,
    report_step: ReportStep,
) -> dict[str, Program]:
    """Prepare the servers ``names`` concurrently: download, create clusters, write configuration.

    Returns:
        Their programs by name.

    Raises:
        PlatformError: Something is missing; the message names it.
    """
    steps = {
        "postgres": lambda: postgres.prepare(state_dir, servers.postgres),
        "redis": lambda: redis.prepare(state_dir, servers.redis),
        "kafka": lambda: kafka.prepare(state_dir, servers.kafka, kafka_home, report_step),
    }
    with ThreadPoolExecutor(len(steps)) as pool:
        pending = {name: pool.submit(steps[name]) for name in names}
        return {name: future.result() for name, future in pending.items()}
