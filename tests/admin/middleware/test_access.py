"""Who may ask is decided from a request's head alone."""

from itertools import product

import pytest
from starlette.datastructures import Headers

from event_platform.admin.middleware.access import Head, allowed_hosts, check_host, check_page, check_token
from event_platform.core.settings.loading import load


def _head(path: str = "/admin/overview", method: str = "GET", **headers: str) -> Head:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(method, path, Headers({"host": "localhost:8081", **named}))


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
    """Loopback's, those of ADMIN_HOSTS and the address itself, with any port; no other, which may be an attacker's."""
    settings = load(_env_file=None, admin_host="10.1.2.3", admin_hosts="ops.example", admin_tokens="a:b")
    problem = check_host(allowed_hosts(settings))(_head(host=host))
    assert (problem is None) == allowed


def test_listening_everywhere_allows_no_name_by_itself() -> None:
    """0.0.0.0 is an address to listen on, not one to be called by."""
    everywhere = "0.0.0.0"  # noqa: S104 - only named, not listened on
    assert everywhere not in allowed_hosts(load(_env_file=None, admin_host=everywhere, admin_tokens="a:b"))


def test_two_host_headers_are_refused() -> None:
    """Which of them counts is nobody's guess."""
    head = Head("GET", "/", Headers(raw=[(b"host", b"localhost"), (b"host", b"localhost")]))
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
    """Our own pages; no other page, neither a sandboxed one nor that of a development server."""
    assert (check_page(())(_head(origin=origin)) is None) == allowed


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
def test_origins_of_development(origin: str, *, allowed: bool) -> None:
    """Where ADMIN_DEV_ORIGINS names pages, these may ask, too; no others."""
    settings = load(_env_file=None, admin_dev_origins="http://localhost:5173/, HTTPS://Dev.example:443")
    assert (check_page(settings.admin_dev_origins)(_head(origin=origin)) is None) == allowed


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
def test_data_is_not_embedded_elsewhere(site: str, destination: str, path: str, *, allowed: bool) -> None:
    """Pictures and scripts carry no Origin, but browsers say where they are used; a link may be followed."""
    head = _head(path, sec_fetch_site=site, sec_fetch_dest=destination)
    assert (check_page(())(head) is None) == allowed


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
    """Any of them, as a Bearer token; nothing else, whatever its bytes."""
    assert (check_token(_TOKENS)(_head(**authorization)) is None) == allowed


@pytest.mark.parametrize(
    ("path", "tokens"), [*product(["/", "/dlq", "/assets/a.js", "/livez", "/docs"], [(), _TOKENS])]
)
def test_pages_need_no_token(path: str, tokens: tuple[str, ...]) -> None:
    """They hold no data; the page asks for the token."""
    assert check_token(tokens)(_head(path)) is None


@pytest.mark.parametrize("path", ["/admin/overview", "/admin", "/admin/", "/admin/nonsense", "/metrics"])
def test_data_needs_one(path: str) -> None:
    """Also where there is nothing, so that strangers do not learn what there is."""
    assert check_token(_TOKENS)(_head(path)) is not None
    assert check_token(())(_head(path)) is None
