"""Redis as `REDIS_URL` names it: over TLS, with user, password and database number."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from tests.fixtures.ingest_client import MakeProducer, new_key
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "tls" / "certificate.pem"
"""Of ``localhost``, signed by itself, with its key; it protects nothing."""
DATABASE = 511
"""The last one, which no module gets by its number."""


@pytest.fixture
def tls_proxy(environment: dict[str, str], proxy: MakeProxy) -> Proxy:
    """A way to the module's Redis on which TLS is spoken: the Redis that the tests start knows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return proxy(environment["REDIS_URL"], context)


@pytest.fixture
def user(environment: dict[str, str]) -> Iterator[str]:
    """``name:password`` of a user that Redis has only for this test; the password needs escaping in a URL."""
    with Redis.from_url(environment["REDIS_URL"]) as client:
        client.execute_command("ACL", "SETUSER", "guest", "on", ">p@ss/word", "~*", "+@all")
        yield "guest:p%40ss%2Fword"
        client.execute_command("ACL", "DELUSER", "guest")


def redis_entry(service: Service) -> dict[str, str]:
    """What health says of Redis."""
    return next(entry for entry in service.health()["dependencies"] if entry["name"] == "redis")


def test_tls(
    run_service: RunService,
    producer_of: MakeProducer,
    environment: dict[str, str],
    tls_proxy: Proxy,
    user: str,
) -> None:
    """Keys are claimed in the database of the URL, as the user of the URL, through TLS."""
    url = f"rediss://{user}@localhost:{tls_proxy.port}/{DATABASE}?ssl_ca_certs={CERTIFICATE}"
    service = run_service("ingest", REDIS_URL=url)
    eventually(lambda: redis_entry(service)["status"] == "up", "Redis to be up")
    producer, key = producer_of(service), new_key()
    assert [producer.post(key).json()["duplicate"] for _ in range(2)] == [False, True]
    with Redis.from_url(environment["REDIS_URL"].rpartition("/")[0] + f"/{DATABASE}") as client:
        assert any(name.startswith(b"idem:{tenant_a}:") for name in client.keys("*"))
        client.flushdb()
    tls_proxy.cut()
    assert producer.post(new_key()).status_code == 202
    eventually(lambda: redis_entry(service)["status"] == "down", "Redis to be down")
    tls_proxy.heal()
    eventually(lambda: redis_entry(service)["status"] == "up", "Redis to be up again")


@pytest.mark.parametrize(
    ("host", "query", "user_given", "said"),
    [
        ("localhost", "", "guest:p%40ss%2Fword", "certificate verify failed"),
        ("localhost", f"?ssl_ca_certs={CERTIFICATE}", "guest:wrong", "WRONGPASS"),
        ("127.0.0.1", f"?ssl_ca_certs={CERTIFICATE}&ssl_cert_reqs=none", "", "NOAUTH"),
    ],
)
def test_refused(  # noqa: PLR0913, PLR0917 - each is a fixture or a column
    run_service: RunService, tls_proxy: Proxy, user: str, host: str, query: str, user_given: str, said: str
) -> None:
    """A certificate or password that does not fit is told by health, without the password."""
    assert user
    at = f"{user_given}@" if user_given else ""
    url = f"rediss://{at}{host}:{tls_proxy.port}/{DATABASE}{query}"
    service = run_service("ingest", REDIS_URL=url, wait_until_ready=False)
    eventually(lambda: said in (redis_entry(service)["error"] or ""), "the reason in its health")
    assert redis_entry(service)["status"] == "down"
    assert "p@ss" not in service.log() + redis_entry(service)["error"]
