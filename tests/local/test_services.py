"""Ports of services are checked before anything is started."""

import socket
from collections.abc import Iterator

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings import Settings, load
from event_platform.local import services
from event_platform.local.ports import free_port, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which someone listens."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        yield listener.getsockname()[1]


def with_ports(ingest: int, admin: int) -> Settings:
    """Settings with these ports, and a free one for the processor."""
    return load(_env_file=None, ingest_port=ingest, admin_port=admin, processor_port=free_port())


def test_a_taken_port_names_the_setting_that_moves_it(taken: int) -> None:
    """One sentence with an example that works."""
    with pytest.raises(ConfigurationError, match=rf"port {taken} is taken.*ADMIN_PORT=(\d+)") as caught:
        services.check_ports(with_ports(free_port(), taken))
    assert is_free(int(str(caught.value).rpartition("=")[2]))


def test_two_services_on_one_port_are_told(taken: int) -> None:
    """Both settings are named."""
    port = free_port()
    with pytest.raises(ConfigurationError, match=f"INGEST_PORT and ADMIN_PORT are both {port}"):
        services.check_ports(with_ports(port, port))
    assert not is_free(taken)


def test_free_ports_pass() -> None:
    """Nothing is said."""
    services.check_ports(with_ports(free_port(), free_port()))


def test_a_taken_server_port_is_passed_over(taken: int) -> None:
    """Servers move by themselves."""
    assert free_port((taken,)) != taken


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::1", "http://[::1]:1")],  # noqa: S104 - read only
)
def test_the_url_is_one_a_client_here_can_use(host: str, url: str) -> None:
    """Also where the service listens on all addresses."""
    assert services.url(host, 1) == url


def test_an_address_of_another_machine_is_not_called_taken() -> None:
    """The setting that names the address is named, and no other port proposed."""
    settings = load(_env_file=None, ingest_host="192.0.2.1", api_keys="a:b", ingest_port=free_port())
    with pytest.raises(ConfigurationError, match=r"INGEST_HOST=192\.0\.2\.1.*cannot listen there") as caught:
        services.check_ports(settings)
    assert "taken" not in str(caught.value)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_free_port_of_ipv6s_loopback_passes() -> None:
    """A service listens there, too."""
    services.check_port("ingest", "::1", free_port())
