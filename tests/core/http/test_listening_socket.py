"""A service's listening socket, and the errors if it cannot be opened."""

import socket

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.http.listening_socket import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 - what an operator may set
def test_client_reaches_the_socket(host: str) -> None:
    """The socket accepts IPv4 connections at the given host."""
    with listen("ingest", host, 0, backlog=10) as listener, socket.create_connection(listener.getsockname()):
        assert listener.family is socket.AF_INET


def test_used_port_is_reported_with_its_setting() -> None:
    """The error names the setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expected = (
            rf"ADMIN_PORT={port}: cannot listen there \(Address already in use\b.*: set ADMIN_PORT to a free port"
        )
        with pytest.raises(ConfigurationError, match=expected):
            listen("admin", "127.0.0.1", port, backlog=10)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_address_of_another_machine_is_reported(host: str) -> None:
    """The error does not suggest another port, which would not help."""
    with pytest.raises(ConfigurationError, match=rf"^PROCESSOR_HOST={host}, PROCESSOR_PORT=8082: [^:]*$"):
        listen("processor", host, 8082, backlog=10)
