"""The dashboard's pages as they were built into the package, and what their browser must hold to."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS: Final = frozenset({"pipeline", "dlq", "search"})
"""The dashboard's own addresses, besides the first page."""

FOLDER: Final = Path(__file__).parent / "dashboard"

# The component library sets styles inline; scripts come from our files only.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"

_FOREVER: Final = "public, max-age=31536000, immutable"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Event platform</title>
<h1>The dashboard is not built</h1>
<p>Run <code>make dashboard</code> in the repository, then reload this page. The API itself works: see
<a href="/docs">its documentation</a> or <a href="/admin/overview">the overview</a>.</p>
</html>
"""


class Pages(StaticFiles):
    """The built files; every other address that a browser shows is one of the dashboard's own pages.

    Args:
        folder: Where ``index.html`` and ``assets/`` lie; it may be missing.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        super().__init__(directory=folder, check_dir=False)
        # A missing folder is no error here, but a page that says what to do.
        self.config_checked = True
        self._index = folder / "index.html"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the index page, which finds out by itself what to show.

        Raises:
            HTTPException: 404 for what no page shows, 405 for what only the API takes.
        """
        if not self._index.is_file():
            return _not_built(path, scope)
        try:
            answer = await super().get_response("index.html" if path == "." else path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_page(path, scope):  # noqa: PLR2004 - not found
                raise
            answer = await super().get_response("index.html", scope)
        answer.headers["Cache-Control"] = _FOREVER if path.startswith("assets/") else "no-cache"
        return answer


def _not_built(path: str, scope: Scope) -> Response:
    if path == "." or _is_page(path, scope):
        return HTMLResponse(_NOT_BUILT, status_code=503)
    raise HTTPException(404)


def _is_page(path: str, scope: Scope) -> bool:
    """Whether to show a page: there is one, or a browser asks for what is no file and no part of the API."""
    if path in PATHS:
        return True
    is_file_or_api = "." in path.rpartition("/")[2] or path.partition("/")[0] in {"admin", "assets"}
    return not is_file_or_api and "text/html" in Headers(scope=scope).get("accept", "")


class SafeHeaders:
    """Adds to every answer what keeps browsers from guessing, framing, storing or leaking it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the answer's headers."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), status=message["status"])
            await send(message)

        await self._app(scope, receive, send_safely)


def _add_headers(headers: MutableHeaders, *, status: int) -> None:
    is_page = headers.get("content-type", "").startswith("text/html")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    # The headers of a 304 replace those of the page that the browser has kept (RFC 9111, section 3.2).
    if status != HTTPStatus.NOT_MODIFIED:
        headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else _DATA_POLICY)
