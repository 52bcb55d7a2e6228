"""What ``event-platform up`` does until all is ready: servers, then schema and topics, then services."""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.local.servers import external_servers, kafka, local_servers, postgres, redis
from event_platform.local.servers.kafka_jars import Say
from event_platform.local.servers.local_servers import Ports, Servers
from event_platform.local.servers.ports import Reservations
from event_platform.local.state_dir.directory import Place
from event_platform.local.supervisor import services
from event_platform.local.supervisor.process_group import Fleet

PREFERRED = Ports(postgres.PREFERRED_PORT, redis.PREFERRED_PORT, kafka.PREFERRED_PORT, kafka.PREFERRED_PORT + 1)

_STEP_TIMEOUT_SECONDS = 120.0


@dataclass
class Plan:
    """What is to run, where, and how its parts find each other; the servers move while they cannot have their ports."""

    settings: Settings
    place: Place
    folder: Path
    servers: Servers
    reservations: Reservations

    @property
    def ours(self) -> tuple[str, ...]:
        """The servers to start: those that the settings do not name."""
        return tuple(name for name in local_servers.NAMES if name not in external_servers.names(self.settings))

    @property
    def connections(self) -> dict[str, str]:
        """Settings by which services find the servers, named or ours."""
        own = {
            "kafka": {"KAFKA_BROKERS": self.servers.kafka.brokers},
            "redis": {"REDIS_URL": self.servers.redis.url},
            "postgres": {
                "DATABASE_URL": self.servers.postgres.url,
                "ADMIN_DATABASE_URL": self.servers.postgres.reader_url,
            },
        }
        named = {"REDIS_URL": self.settings.given_redis_url, "KAFKA_BROKERS": self.settings.kafka_brokers}
        for setting in ("database_url", "admin_database_url"):
            value = getattr(self.settings, setting)
            named[setting.upper()] = value.get_secret_value() if value else None
        ours = {setting: value for name in self.ours for setting, value in own[name].items()}
        return ours | {setting: value for setting, value in named.items() if value}


def plan(settings: Settings, place: Place, folder: Path, reservations: Reservations) -> Plan:
    """Check what can be checked before anything runs, and choose ports.

    Raises:
        ConfigurationError: The API keys cannot be read, or are no secret where strangers come; a service's port is
            taken, or a named server cannot be used.
    """
    settings.check_limits()
    settings.named_tokens()
    services.check_ports(settings)
    external_servers.check(settings)
    chosen = services.with_ports(settings, reservations)
    return Plan(chosen, place, folder, local_servers.choose(place, PREFERRED, reservations), reservations)


def run(what: Plan, fleet: Fleet, say: Say) -> None:
    """Start everything in order; return when all is ready.

    Raises:
        PlatformError: Something cannot be started; says what and why.
    """
    if what.ours:
        launch_servers(what, fleet, say)
        say(f"{', '.join(what.ours)} ready")
    programs = services.programs(what.settings, what.place, what.connections, what.folder)
    _prepare_servers(programs["ingest"].environment, what.folder)
    fleet.launch(programs)


def launch_servers(what: Plan, fleet: Fleet, say: Say) -> None:
    """Start our servers; on other ports where someone took theirs after they were chosen.

    Raises:
        UnavailableError: One does not start.
    """
    planned = [what.servers]

    def choose() -> Servers:
        return planned.pop() if planned else local_servers.choose(what.place, PREFERRED, what.reservations)

    def launch(chosen: Servers) -> None:
        try:
            fleet.launch(local_servers.prepare(what.place, chosen, what.ours, what.settings.kafka_home, say))
        except UnavailableError:
            fleet.discard(what.ours)
            raise

    what.servers, _ = local_servers.start_on_free_ports(choose, launch, what.reservations, say)


def _prepare_servers(environment: Mapping[str, str], folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        for pending in [pool.submit(_run_verb, verb, environment, folder) for verb in ("migrate", "topics")]:
            pending.result()


def _run_verb(verb: str, environment: Mapping[str, str], folder: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-P", "-m", "event_platform.cli", verb),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_STEP_TIMEOUT_SECONDS,
    )
    if done.returncode != 0:
        raise UnavailableError(f"`event-platform {verb}` failed: {done.stderr.strip()[-2_000:]}")


def programs_in_order_of_end() -> tuple[tuple[str, ...], ...]:
    """Services before the servers they use; those of a group at once."""
    return (services.NAMES, local_servers.NAMES)
