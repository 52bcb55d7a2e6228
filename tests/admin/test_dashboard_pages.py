"""The built dashboard is served as it was built, and its absence is explained."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from event_platform.admin.dashboard_pages import PATHS, DashboardPages
from event_platform.admin.middleware.security_headers import SecurityHeaders

Get = Callable[..., httpx.Response]


def _getter(app: ASGIApp) -> Get:
    async def ask(path: str, accept: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, headers={"Accept": accept})

    return lambda path, accept="text/html": asyncio.run(ask(path, accept))


@pytest.fixture
def get(tmp_path: Path) -> Get:
    """Requests a path of a built dashboard."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the dashboard</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    return _getter(SecurityHeaders(DashboardPages(tmp_path)))


@pytest.mark.parametrize("path", ["/", "/dlq", "/search?tenant=a", "/no/such/page"])
def test_every_page_is_the_index(get: Get, path: str) -> None:
    """A browser that requests a page gets the application, whose router decides what to show."""
    answer = get(path, "text/html,*/*;q=0.8")
    assert answer.status_code == 200
    assert "the dashboard" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_files_with_a_hash_in_their_name_are_cached_forever(get: Get) -> None:
    """They never change; browsers revalidate all others."""
    assert get("/assets/index-1a2b.js").headers["cache-control"] == "public, max-age=31536000, immutable"
    icon = get("/favicon.svg")
    assert (icon.status_code, icon.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/missing.png", "/admin/nonsense", "/../pages.py", "/%2e%2e/pages.py", "/assets"]
)
def test_no_page_in_place_of_a_file_or_the_api(get: Get, path: str) -> None:
    """Files outside the folder are not served, and missing files and API paths get no page."""
    assert "the dashboard" not in get(path).text


@pytest.mark.parametrize("path", sorted(PATHS))
def test_dashboard_routes_are_pages_for_programs_too(get: Get, path: str) -> None:
    """A monitor that uses curl gets what a browser gets."""
    answer = get(f"/{path}", "*/*")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_dashboard_routes_are_those_of_its_router() -> None:
    """A page that is added there must be added here."""
    routes = re.findall(r'path: "/(\w+)"', Path("dashboard/src/app/router.tsx").read_text())
    assert set(routes) == PATHS


def test_programs_get_no_page_for_an_unknown_path(get: Get) -> None:
    """Only clients that accept HTML get the page."""
    assert "the dashboard" not in get("/nonsense", "*/*").text


def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    """It names the command."""
    answer = _getter(DashboardPages(tmp_path / "none"))("/")
    assert answer.status_code == 503
    assert "make dashboard" in answer.text
