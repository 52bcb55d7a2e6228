"""The socket of a service, had before anything else is started, so that a taken port is said in one sentence."""

import errno
import socket

from event_platform.core.errors import ConfigurationError
from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


def listen(service: str, host: str, port: int, *, backlog: int) -> socket.socket:
    """The socket of ``INGEST_HOST`` and ``INGEST_PORT``, say, where ``service`` is ``ingest``; port 0 is any free one.

    The address is logged, because with port 0 nobody else knows it.

    Raises:
        ConfigurationError: It cannot be had; the message names the settings that move it.
    """
    opened = open_socket(service, host, port, backlog=backlog)
    log.info("listening", host=host, port=opened.getsockname()[1])
    return opened


def open_socket(service: str, host: str, port: int, *, backlog: int) -> socket.socket:
    """The same without a word.

    Raises:
        ConfigurationError: It cannot be had; the message names the settings that move it.
    """
    name = service.upper()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # Of a name's addresses IPv4's, as everything that asks for `localhost` tries it, now or second.
        family, _, _, _, address = min(found, key=lambda each: each[0] is not socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=backlog)
    except OSError as error:
        advice = f": set {name}_PORT to a free port" if error.errno == errno.EADDRINUSE else ""
        raise ConfigurationError(
            f"{name}_HOST={host}, {name}_PORT={port}: cannot listen there ({error.strerror}){advice}"
        ) from error
