"""The services as programs: each runs the verb that a user would type."""

import os
import ssl
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from event_platform.core.addresses import http_url
from event_platform.core.errors import ConfigurationError
from event_platform.core.http import listening_socket
from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import FILE_SUFFIX
from event_platform.local.process.identity import HOME_VARIABLE
from event_platform.local.process.program import Program
from event_platform.local.servers import ports
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir.directory import StateDirectory

NAMES: Final = ("ingest", "processor", "admin")

_HEALTH_TIMEOUT_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 30.0

_NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Health checks use no TLS; by default httpx would load every CA certificate for each request."""


def addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of each service."""
    return {
        "ingest": (settings.ingest_host, settings.ingest_port),
        "processor": (settings.processor_host, settings.processor_port),
        "admin": (settings.admin_host, settings.admin_port),
    }


def check_ports(settings: Settings) -> None:
    """Check that every service could listen, before anything is started.

    Raises:
        ConfigurationError: A port is taken or used twice, or an address is not this machine's; names the setting.
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
    """Raise `ConfigurationError` with the setting to change where the service ``name`` could not listen."""
    if ports.is_listening(port, host):
        setting = f"{name.upper()}_PORT"
        raise ConfigurationError(
            f"port {port} is taken by another program: set {setting} to a free one to move {name}, "
            f"for example {setting}={_free_port(port + 10_000)}"
        )
    listening_socket.open_socket(name, host, port, backlog=1).close()


def _free_port(preferred: int) -> int:
    with PortReservations() as reservations:
        return reservations.reserve((preferred,) if preferred < 1 << 16 else ())


def with_reserved_ports(settings: Settings, reservations: PortReservations) -> Settings:
    """A copy of the settings, with a reserved port for each service whose port is 0.

    Raises:
        UnavailableError: No free port was found.
    """
    chosen = {f"{name}_port": reservations.reserve() for name, (_, port) in addresses(settings).items() if port == 0}
    return settings.model_copy(update=chosen)


def programs(
    settings: Settings, state_dir: StateDirectory, connections: Mapping[str, str], working_directory: Path
) -> dict[str, Program]:
    """The program of each service; ``connections`` override the current environment."""
    environment = _environment(settings, state_dir, connections)
    return {
        name: Program(
            name=name,
            # -P: a module that happens to lie in the user's directory does not shadow one of ours.
            command=(sys.executable, "-P", "-m", "event_platform.cli", name),
            environment=environment,
            working_directory=working_directory,
            log=state_dir.logs / f"{name}.log",
            is_ready=partial(_is_healthy, http_url(host, port)),
            stop_seconds=_STOP_SECONDS,
            starts_with_sighup_blocked=name == "ingest",
        )
        for name, (host, port) in addresses(settings).items()
    }


def _environment(settings: Settings, state_dir: StateDirectory, connections: Mapping[str, str]) -> dict[str, str]:
    chosen = {f"{name.upper()}_PORT": str(port) for name, (_, port) in addresses(settings).items()}
    # ``connections`` hold the value of a secret that a file named; a service refuses both forms of one setting.
    kept = {
        name: value for name, value in os.environ.items() if name.upper().removesuffix(FILE_SUFFIX) not in connections
    }
    return {**kept, **connections, **chosen, HOME_VARIABLE: str(state_dir.home)}


def _is_healthy(address: str) -> bool:
    try:
        response = httpx.get(
            f"{address}/health", timeout=_HEALTH_TIMEOUT_SECONDS, trust_env=False, verify=_NO_CERTIFICATES
        )
    except httpx.TransportError:
        return False
    return response.is_success
