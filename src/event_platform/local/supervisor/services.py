"""The platform's services as programs: the same command line that a user would type."""

import os
import ssl
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import httpx

from event_platform.core.errors import ConfigurationError
from event_platform.core.http import listening_socket
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.files import FILE_SUFFIX
from event_platform.core.settings.values import http_url
from event_platform.local.process.program import Program
from event_platform.local.servers import ports
from event_platform.local.servers.ports import Reservations
from event_platform.local.state_dir.directory import Place

NAMES = ("ingest", "processor", "admin")

_HEALTH_TIMEOUT_SECONDS = 5.0

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Health is asked without TLS; by default httpx reads every authority's certificate for each question."""


def addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of each service."""
    return {
        "ingest": (settings.ingest_host, settings.ingest_port),
        "processor": (settings.processor_host, settings.processor_port),
        "admin": (settings.admin_host, settings.admin_port),
    }


def check_ports(settings: Settings) -> None:
    """Find out that a service could not listen, before anything is started.

    Raises:
        ConfigurationError: A port is taken or named twice, or an address cannot be listened on; with the setting.
    """
    seen: dict[int, str] = {}
    for name, (host, port) in addresses(settings).items():
        if port == 0:
            continue
        setting = f"{name.upper()}_PORT"
        if port in seen:
            raise ConfigurationError(
                f"{seen[port]} and {setting} are both {port}: each service needs a port of its own"
            )
        check_port(name, host, port)
        seen[port] = setting


def check_port(name: str, host: str, port: int) -> None:
    """Raise `ConfigurationError` where the service ``name`` could not listen; with the setting to change."""
    if ports.answers(port, host):
        setting = f"{name.upper()}_PORT"
        raise ConfigurationError(
            f"port {port} is taken by another program: set {setting} to a free one to move {name}, "
            f"for example {setting}={_free_port(port + 10_000)}"
        )
    listening_socket.open_socket(name, host, port, backlog=1).close()


def _free_port(preferred: int) -> int:
    with Reservations() as reservations:
        return reservations.reserve((preferred,) if preferred < 1 << 16 else ())


def with_ports(settings: Settings, reservations: Reservations) -> Settings:
    """The same settings, with a reserved port for each service that was given port 0.

    Raises:
        UnavailableError: No free port was found.
    """
    chosen = {f"{name}_port": reservations.reserve() for name, (_, port) in addresses(settings).items() if port == 0}
    return settings.model_copy(update=chosen)


def programs(settings: Settings, place: Place, connections: Mapping[str, str], folder: Path) -> dict[str, Program]:
    """How each service is run, with ``connections`` to the servers over the environment as it is."""
    chosen = {f"{name.upper()}_PORT": str(port) for name, (_, port) in addresses(settings).items()}
    # What a file held is among the connections; both forms of one setting would be refused.
    kept = {
        name: value for name, value in os.environ.items() if name.upper().removesuffix(FILE_SUFFIX) not in connections
    }
    environment = {**kept, **connections, **chosen, "EVENT_PLATFORM_HOME": str(place.home)}
    return {
        name: Program(
            name=name,
            # -P: no module that lies in the user's folder by chance is taken for one of ours.
            command=(sys.executable, "-P", "-m", "event_platform.cli", name),
            environment=environment,
            folder=folder,
            log=place.logs / f"{name}.log",
            is_ready=partial(_is_healthy, http_url(host, port)),
            stop_seconds=30.0,
            holds_hang_up=name == "ingest",
        )
        for name, (host, port) in addresses(settings).items()
    }


def _is_healthy(address: str) -> bool:
    try:
        answer = httpx.get(
            f"{address}/health", timeout=_HEALTH_TIMEOUT_SECONDS, trust_env=False, verify=_NO_CERTIFICATES
        )
    except httpx.TransportError:
        return False
    return answer.is_success
