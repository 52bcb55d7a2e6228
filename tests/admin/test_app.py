"""The process of the admin API: how it starts, and how it ends."""

import signal
import socket

from tests.fixtures.services import RunService


def test_a_taken_port_stops_the_start(run_service: RunService) -> None:
    """It ends at once and names the setting that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        admin = run_service("admin", wait_until_ready=False, ADMIN_PORT=port)
        assert admin.process.wait(20) == 1
    assert f"ADMIN_PORT={port}" in admin.log()
    assert "set ADMIN_PORT to a free port" in admin.log()


def test_sigterm_ends_it_cleanly(run_service: RunService) -> None:
    """With exit status 0, as the other services do."""
    admin = run_service("admin")
    admin.process.send_signal(signal.SIGTERM)
    assert admin.process.wait(10) == 0
