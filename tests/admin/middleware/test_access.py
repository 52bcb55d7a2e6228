"""Access is decided from the head of a request alone."""

from itertools import product

import pytest
from starlette.datastructures import Headers

from event_platform.admin.middleware.access import RequestHead, allowed_hosts, check_host, check_origin, check_token
from event_platform.core.settings.loading import load


def _head(path: str = "/admin/overview", method: str = "GET", **headers: str) -> RequestHead:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RequestHead(method, path, Headers({"host": "localhost:8081", **named}))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:8081", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("[::1]:8081", True),
        ("ops.example:443", True),
        ("10.1.2.3:8081", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("0.0.0.0", False),  # noqa: S104 - not to bind to
        ("", False),
    ],
)
def test_host_names(host: str, *, allowed: bool) -> None:
    """Loopback, ADMIN_HOSTS and the address itself are allowed, with any port; other names can be an attacker's."""
    settings = load(_env_file=None, admin_host="10.1.2.3", admin_hosts="ops.example", admin_tokens="a:b")
    problem = check_host(allowed_hosts(settings))(_head(host=host))
    assert (problem is None) == allowed


def test_a_wildcard_address_allows_no_host_name() -> None:
    """0.0.0.0 is an address to listen on, not one that clients call."""
    everywhere = "0.0.0.0"  # noqa: S104 - only named, not listened on
    assert everywhere not in allowed_hosts(load(_env_file=None, admin_host=everywhere, admin_tokens="a:b"))


def test_two_host_headers_are_refused() -> None:
    """It would be a guess which of them counts."""
    head = RequestHead("GET", "/", Headers(raw=[(b"host", b"localhost"), (b"host", b"localhost")]))
    assert check_host(frozenset({"localhost"}))(head) is not None


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:8081", True),
        ("https://localhost:8081", True),
        ("http://localhost:5173", False),
        ("http://127.0.0.1:5173", False),
        ("HTTP://LOCALHOST:5173", False),
        ("http://localhost:5173/", False),
        ("https://localhost:5173", False),
        ("http://[::1]:5173", False),
        ("http://localhost", False),
        ("http://localhost:3000", False),
        ("", False),
        ("http://localhost:5173.evil.example", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_origins(origin: str, *, allowed: bool) -> None:
    """The API's own pages are allowed; no other page is, sandboxed or of a development server."""
    assert (check_origin(())(_head(origin=origin)) is None) == allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5173", True),
        ("https://dev.example", True),
        ("http://127.0.0.1:5173", False),
        ("http://localhost:5173.evil.example", False),
        ("http://dev.example", False),
        ("null", False),
    ],
)
def test_development_origins(origin: str, *, allowed: bool) -> None:
    """Pages of ADMIN_DEV_ORIGINS are allowed, and no others."""
    settings = load(_env_file=None, admin_dev_origins="http://localhost:5173/, HTTPS://Dev.example:443")
    assert (check_origin(settings.admin_dev_origins)(_head(origin=origin)) is None) == allowed


@pytest.mark.parametrize(
    ("site", "destination", "path", "allowed"),
    [
        ("cross-site", "image", "/admin/overview", False),
        ("same-site", "script", "/admin/overview", False),
        ("cross-site", "iframe", "/admin/overview", False),
        ("cross-site", "empty", "/metrics", False),
        ("cross-site", "document", "/admin/overview", True),
        ("cross-site", "document", "/dlq", True),
        ("same-origin", "empty", "/admin/overview", True),
        ("none", "document", "/admin/overview", True),
    ],
)
def test_data_is_not_embedded_in_foreign_pages(site: str, destination: str, path: str, *, allowed: bool) -> None:
    """Images and scripts are requested without Origin, but with Sec-Fetch-Site; links may be followed."""
    head = _head(path, sec_fetch_site=site, sec_fetch_dest=destination)
    assert (check_origin(())(head) is None) == allowed


_TOKENS = ("first", "sec=ond")


@pytest.mark.parametrize(
    ("authorization", "allowed"),
    [
        ({"authorization": "Bearer first"}, True),
        ({"authorization": "bearer  sec=ond"}, True),
        ({"authorization": "Bearer third"}, False),
        ({"authorization": "Bearer "}, False),
        ({"authorization": "Bearer"}, False),
        ({"authorization": "Basic first"}, False),
        ({"authorization": "first"}, False),
        ({"authorization": "Bearer first first"}, False),
        ({"authorization": "Bearer f\xefrst"}, False),
        ({}, False),
    ],
)
def test_tokens(authorization: dict[str, str], *, allowed: bool) -> None:
    """Any of the tokens is accepted as a Bearer token; nothing else is, whatever its bytes."""
    assert (check_token(_TOKENS)(_head(**authorization)) is None) == allowed


@pytest.mark.parametrize(
    ("path", "tokens"), [*product(["/", "/dlq", "/assets/a.js", "/livez", "/docs"], [(), _TOKENS])]
)
def test_pages_need_no_token(path: str, tokens: tuple[str, ...]) -> None:
    """Pages hold no data; the dashboard asks for the token."""
    assert check_token(tokens)(_head(path)) is None


@pytest.mark.parametrize("path", ["/admin/overview", "/admin", "/admin/", "/admin/nonsense", "/metrics"])
def test_data_needs_a_token(path: str) -> None:
    """Unknown paths need one, too, so that strangers cannot find out which paths exist."""
    assert check_token(_TOKENS)(_head(path)) is not None
    assert check_token(())(_head(path)) is None
