"""`REDIS_URL`: TLS, user, password and database number."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from tests.fixtures.ingest_client import MakeProducer, new_key
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core.errors import ConfigurationError
from event_platform.ingest.redis_address import RedisAddress

CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "tls" / "certificate.pem"
"""A self-signed certificate of ``localhost`` with its key; it protects nothing."""
DATABASE = 511
"""The last one, which no test module gets."""


@pytest.fixture
def tls_proxy(environment: dict[str, str], proxy: MakeProxy) -> Proxy:
    """Return a TLS proxy to the module's Redis, which has no TLS itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return proxy(environment["REDIS_URL"], context)


@pytest.fixture
def user(environment: dict[str, str]) -> Iterator[str]:
    """Create a Redis user for this test; return ``name:password``, where the password is escaped for a URL."""
    with Redis.from_url(environment["REDIS_URL"]) as client:
        client.execute_command("ACL", "SETUSER", "guest", "on", ">p@ss/word", "~*", "+@all")
        yield "guest:p%40ss%2Fword"
        client.execute_command("ACL", "DELUSER", "guest")


def redis_entry(service: Service) -> dict[str, str]:
    """Return the entry of Redis in ``/health``."""
    return next(entry for entry in service.health()["dependencies"] if entry["name"] == "redis")


def test_tls(
    run_service: RunService,
    producer_of: MakeProducer,
    environment: dict[str, str],
    tls_proxy: Proxy,
    user: str,
) -> None:
    """Keys are claimed over TLS, as the user and in the database of the URL."""
    url = f"rediss://{user}@localhost:{tls_proxy.port}/{DATABASE}?ssl_ca_certs={CERTIFICATE}"
    service = run_service("ingest", REDIS_URL=url)
    eventually(lambda: redis_entry(service)["status"] == "ok", "Redis to be up")
    producer, key = producer_of(service), new_key()
    assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]
    with Redis.from_url(environment["REDIS_URL"].rpartition("/")[0] + f"/{DATABASE}") as client:
        assert any(name.startswith(b"idem:{tenant_a}:") for name in client.keys("*"))
        client.flushdb()
    tls_proxy.cut()
    assert producer.post(new_key()).status_code == 202
    eventually(lambda: redis_entry(service)["status"] == "down", "Redis to be down")
    tls_proxy.heal()
    eventually(lambda: redis_entry(service)["status"] == "ok", "Redis to recover")


@pytest.mark.parametrize(
    ("host", "query", "user_given", "said"),
    [
        ("localhost", "", "guest:p%40ss%2Fword", "certificate verify failed"),
        ("localhost", f"?ssl_ca_certs={CERTIFICATE}", "guest:wrong", "WRONGPASS"),
        ("127.0.0.1", f"?ssl_ca_certs={CERTIFICATE}&ssl_cert_reqs=none", "", "NOAUTH"),
    ],
)
def test_rejected_credentials(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService, tls_proxy: Proxy, user: str, host: str, query: str, user_given: str, said: str
) -> None:
    """Health reports a wrong certificate or password, without the password."""
    assert user
    at = f"{user_given}@" if user_given else ""
    url = f"rediss://{at}{host}:{tls_proxy.port}/{DATABASE}{query}"
    service = run_service("ingest", REDIS_URL=url, wait_until_ready=False)
    eventually(lambda: said in (redis_entry(service)["error"] or ""), "the reason in its health")
    assert redis_entry(service)["status"] == "down"
    assert "p@ss" not in service.log() + redis_entry(service)["error"]


def test_parts_of_a_url() -> None:
    """A URL is split into its parts; the error for a malformed one does not contain the password."""
    address = RedisAddress.parse("rediss://user:p%40ss@host:1/2")
    assert (address.host, address.port, address.database) == ("host", 1, 2)
    assert address.handshake_commands() == [("AUTH", "user", "p@ss"), ("SELECT", 2)]
    assert address.tls is not None
    with pytest.raises(ConfigurationError) as raised:
        RedisAddress.parse("redis://:secret@host:port")
    assert "secret" not in str(raised.value)
