"""Hosts with a special meaning."""

import pytest

from event_platform.core.addresses import LOOPBACK_HOSTS, WILDCARD_HOSTS, http_url, reachable_host


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104 - never bound
        ("::1", "http://[::1]:1"),
        ("::", "http://[::1]:1"),
        ("ingest", "http://ingest:1"),
    ],
)
def test_url_is_one_that_a_client_on_this_machine_can_use(host: str, url: str) -> None:
    """Also if the service listens on all interfaces."""
    assert http_url(host, 1) == url


def test_wildcards_are_reached_over_loopback() -> None:
    """A wildcard is not loopback, so a service that listens on one needs credentials."""
    assert {reachable_host(host) for host in WILDCARD_HOSTS} < LOOPBACK_HOSTS
    assert not LOOPBACK_HOSTS & WILDCARD_HOSTS.keys()
