"""The built dashboard, served as static files."""

from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PATHS: Final = frozenset({"pipeline", "dlq", "search"})
"""The routes of the dashboard besides its first page."""

FOLDER: Final = Path(__file__).parent / "dashboard"

_CACHE_FOREVER: Final = "public, max-age=31536000, immutable"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Event platform</title>
<h1>The dashboard is not built</h1>
<p>Run <code>make dashboard</code> in the repository, then reload this page. The API itself works: see
<a href="/docs">its documentation</a> or <a href="/admin/overview">the overview</a>.</p>
</html>
"""


class DashboardPages(StaticFiles):
    """Static files with a fallback: every other path that a browser opens as a page gets ``index.html``.

    Args:
        folder: Where ``index.html`` and ``assets/`` are; it may be missing.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        super().__init__(directory=folder, check_dir=False)
        # StaticFiles would raise for a missing folder; a page that names the command to run is more useful.
        self.config_checked = True
        self._index = folder / "index.html"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the index page, whose router decides what to show.

        Raises:
            HTTPException: 404 for a path that is no page, 405 for a method that only the API takes.
        """
        if not self._index.is_file():
            return _not_built(path, scope)
        try:
            response = await super().get_response("index.html" if path == "." else path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_page(path, scope):  # noqa: PLR2004 - not found
                raise
            response = await super().get_response("index.html", scope)
        response.headers["Cache-Control"] = _CACHE_FOREVER if path.startswith("assets/") else "no-cache"
        return response


def _not_built(path: str, scope: Scope) -> Response:
    if path == "." or _is_page(path, scope):
        return HTMLResponse(_NOT_BUILT, status_code=503)
    raise HTTPException(404)


def _is_page(path: str, scope: Scope) -> bool:
    """Whether to show a page: a dashboard route, or a browser's request for neither a file nor the API."""
    if path in PATHS:
        return True
    is_file_or_api = "." in path.rpartition("/")[2] or path.partition("/")[0] in {"admin", "assets"}
    return not is_file_or_api and "text/html" in Headers(scope=scope).get("accept", "")
