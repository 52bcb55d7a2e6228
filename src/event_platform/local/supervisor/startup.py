"""The start order of ``event-platform up``: servers, then migrations and topics, then services."""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.local.servers import external_servers, kafka, local_servers, postgres, redis
from event_platform.local.servers.kafka_jars import ReportStep
from event_platform.local.servers.local_servers import ServerPorts, Servers
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.supervisor import services
from event_platform.local.supervisor.process_group import ProcessGroup

PREFERRED_PORTS: Final = ServerPorts(
    postgres.PREFERRED_PORT, redis.PREFERRED_PORT, kafka.PREFERRED_PORT, kafka.PREFERRED_PORT + 1
)

SHUTDOWN_ORDER: Final = (services.NAMES, local_servers.NAMES)
"""Services before the servers they use; those of one tuple at the same time."""

_STEP_TIMEOUT_SECONDS: Final = 120.0


@dataclass(slots=True)
class StartupPlan:
    """What to run and where; ``servers`` are replaced while other programs take their ports."""

    settings: Settings
    state_dir: StateDirectory
    working_directory: Path
    servers: Servers
    reservations: PortReservations

    @property
    def local_names(self) -> tuple[str, ...]:
        """The servers to start: those for which the settings name no external server."""
        return tuple(name for name in local_servers.NAMES if name not in external_servers.names(self.settings))

    @property
    def connections(self) -> dict[str, str]:
        """The settings by which services find the servers, local or external."""
        local = {
            "kafka": {"KAFKA_BROKERS": self.servers.kafka.brokers},
            "redis": {"REDIS_URL": self.servers.redis.url},
            "postgres": {
                "DATABASE_URL": self.servers.postgres.url,
                "ADMIN_DATABASE_URL": self.servers.postgres.reader_url,
            },
        }
        chosen = {setting: value for name in self.local_names for setting, value in local[name].items()}
        return chosen | _external_connections(self.settings)


def _external_connections(settings: Settings) -> dict[str, str]:
    connections = {"REDIS_URL": settings.configured_redis_url, "KAFKA_BROKERS": settings.kafka_brokers}
    for name in ("database_url", "admin_database_url"):
        secret = getattr(settings, name)
        connections[name.upper()] = secret.get_secret_value() if secret else None
    return {setting: value for setting, value in connections.items() if value}


def plan_startup(
    settings: Settings, state_dir: StateDirectory, working_directory: Path, reservations: PortReservations
) -> StartupPlan:
    """Check everything that can be checked before anything runs, and choose ports.

    Raises:
        ConfigurationError: The API keys cannot be read, or are the default while a service listens beyond loopback; a
            service's port is taken; or an external server cannot be used.
    """
    settings.check_limits()
    settings.named_tokens()
    services.check_ports(settings)
    external_servers.check(settings)
    resolved = services.with_reserved_ports(settings, reservations)
    servers = local_servers.choose(state_dir, PREFERRED_PORTS, reservations)
    return StartupPlan(resolved, state_dir, working_directory, servers, reservations)


def start_everything(plan: StartupPlan, group: ProcessGroup, report_step: ReportStep) -> None:
    """Start everything in order; return when all of it is ready.

    Raises:
        PlatformError: Something cannot be started; says what and why.
    """
    if plan.local_names:
        start_servers(plan, group, report_step)
        report_step(f"{', '.join(plan.local_names)} ready")
    programs = services.programs(plan.settings, plan.state_dir, plan.connections, plan.working_directory)
    _create_schema_and_topics(programs["ingest"].environment, plan.working_directory)
    group.start(programs)


def start_servers(plan: StartupPlan, group: ProcessGroup, report_step: ReportStep) -> None:
    """Start the local servers; on other ports where another program took theirs after they were chosen.

    Raises:
        UnavailableError: A server does not start.
    """
    first = [plan.servers]

    def choose() -> Servers:
        return first.pop() if first else local_servers.choose(plan.state_dir, PREFERRED_PORTS, plan.reservations)

    def start(servers: Servers) -> None:
        try:
            group.start(
                local_servers.prepare(plan.state_dir, servers, plan.local_names, plan.settings.kafka_home, report_step)
            )
        except UnavailableError:
            group.remove(plan.local_names)
            raise

    plan.servers, _ = local_servers.start_on_free_ports(choose, start, plan.reservations, report_step)


def _create_schema_and_topics(environment: Mapping[str, str], working_directory: Path) -> None:
    verbs = ("migrate", "topics")
    with ThreadPoolExecutor(len(verbs)) as pool:
        for pending in [pool.submit(_run_verb, verb, environment, working_directory) for verb in verbs]:
            pending.result()


def _run_verb(verb: str, environment: Mapping[str, str], working_directory: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-P", "-m", "event_platform.cli", verb),
        env=dict(environment),
        cwd=working_directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_STEP_TIMEOUT_SECONDS,
    )
    if done.returncode != 0:
        raise UnavailableError(f"`event-platform {verb}` failed: {done.stderr.strip()[-2_000:]}")
