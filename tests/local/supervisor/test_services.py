"""Ports of services are checked before anything is started."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.ports import ReservePort

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir import directory
from event_platform.local.supervisor import services


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which a process listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def settings_with_ports(ingest: int, admin: int) -> Settings:
    """Settings with these ports, and any free one for the processor."""
    return load(_env_file=None, ingest_port=ingest, admin_port=admin, processor_port=0)


def test_a_taken_port_names_the_setting_that_moves_it(taken: int) -> None:
    """One sentence with an example that works."""
    with pytest.raises(ConfigurationError, match=rf"port {taken} is taken.*ADMIN_PORT=(\d+)") as caught:
        services.check_ports(settings_with_ports(0, taken))
    assert 1 <= int(str(caught.value).rpartition("=")[2]) < 65_536


def test_two_services_on_one_port_are_refused(reserve_port: ReservePort) -> None:
    """The error names both settings."""
    port = reserve_port()
    with pytest.raises(ConfigurationError, match=f"INGEST_PORT and ADMIN_PORT are both {port}"):
        services.check_ports(settings_with_ports(port, port))


def test_free_ports_pass(reserve_port: ReservePort) -> None:
    """No error; 0 is always free."""
    services.check_ports(settings_with_ports(reserve_port(), reserve_port()))
    services.check_ports(settings_with_ports(0, 0))


def test_port_0_is_replaced_by_a_reserved_port(reservations: PortReservations) -> None:
    """Each service with port 0 gets a port of its own, and the environment tells it to the others."""
    settings = services.with_reserved_ports(settings_with_ports(0, 8_081), reservations)
    chosen = {port for _, port in services.addresses(settings).values()}
    assert len(chosen) == 3
    assert 0 not in chosen
    assert settings.admin_port == 8_081
    found = directory.locate(Path("nowhere"))
    for program in services.programs(settings, found, {}, Path()).values():
        assert program.environment["INGEST_PORT"] == str(settings.ingest_port)
        assert program.environment["PROCESSOR_PORT"] == str(settings.processor_port)


def test_a_secret_has_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret from a file is passed on as the value alone, because a service refuses both forms."""
    settings = settings_with_ports(1, 2)
    monkeypatch.setenv("DATABASE_URL_FILE", "secret")
    monkeypatch.setenv("API_KEYS_FILE", "keys")
    connections = {"DATABASE_URL": "postgresql://h/d"}
    for program in services.programs(settings, directory.locate(Path("nowhere")), connections, Path()).values():
        assert program.environment["DATABASE_URL"] == "postgresql://h/d"
        assert "DATABASE_URL_FILE" not in program.environment
        assert program.environment["API_KEYS_FILE"] == "keys"


def test_an_address_of_another_machine_is_not_reported_as_taken() -> None:
    """The error names the setting of the address, and proposes no other port."""
    settings = load(_env_file=None, ingest_host="192.0.2.1", api_keys="a:b")
    with pytest.raises(ConfigurationError, match=r"INGEST_HOST=192\.0\.2\.1.*cannot listen there") as caught:
        services.check_ports(settings)
    assert "taken" not in str(caught.value)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_free_port_of_ipv6_loopback_passes() -> None:
    """A service can listen there, too."""
    services.check_port("ingest", "::1", 0)
