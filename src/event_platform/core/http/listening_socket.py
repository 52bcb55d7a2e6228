"""A service's listening socket, opened before anything else starts, so a used port is reported in one sentence."""

import errno
import socket

from event_platform.core.errors import ConfigurationError
from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


def listen(service: str, host: str, port: int, *, backlog: int) -> socket.socket:
    """Open the socket like `open_socket`, and log its address, which with port 0 is known only here.

    Raises:
        ConfigurationError: The address cannot be used; the message names the settings that change it.
    """
    opened = open_socket(service, host, port, backlog=backlog)
    log.info("listening", host=host, port=opened.getsockname()[1])
    return opened


def open_socket(service: str, host: str, port: int, *, backlog: int) -> socket.socket:
    """Open a listening socket.

    Args:
        service: The name of the service, which is the prefix of its settings: ``ingest`` has ``INGEST_PORT``.
        host: The host name or address to listen on.
        port: The port; 0 chooses a free one.
        backlog: How many connections may wait to be accepted.

    Raises:
        ConfigurationError: The address cannot be used; the message names the settings that change it.
    """
    name = service.upper()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # Prefer IPv4: every client that connects to `localhost` tries it, first or second.
        family, _, _, _, address = min(found, key=lambda each: each[0] is not socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=backlog)
    except OSError as error:
        advice = f": set {name}_PORT to a free port" if error.errno == errno.EADDRINUSE else ""
        raise ConfigurationError(
            f"{name}_HOST={host}, {name}_PORT={port}: cannot listen there ({error.strerror}){advice}"
        ) from error
