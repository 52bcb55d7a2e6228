"""Who may ask: decided from the head of a request, before anything else looks at it.

Under which Host names we answer guards against DNS rebinding; which pages may ask, against foreign sites that use a
visitor's browser; tokens, where they are set, against everybody else.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from event_platform.admin.problems import Problem, problem_response
from event_platform.core.addresses import LOOPBACK_HOSTS
from event_platform.core.settings.declaration import Settings

_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - addresses, not names under which one calls
_NO_TOKEN: Final = Problem(
    401, "UNAUTHORIZED", "expected the header Authorization: Bearer <token>, with one of ADMIN_TOKENS"
)
_FOREIGN: Final = Problem(403, "FOREIGN_ORIGIN", "this page may not call the admin API")


@dataclass(frozen=True)
class Head:
    """What of a request decides."""

    method: str
    path: str
    headers: Headers

    @property
    def asks_for_data(self) -> bool:
        """Whether more than a page, its files or a sign of life is asked for."""
        return self.path.startswith("/admin/") or self.path in {"/admin", "/metrics"}


Check = Callable[[Head], Problem | None]
"""Why a request is refused, or None."""


class Guard:
    """Lets through what a check has nothing against."""

    def __init__(self, app: ASGIApp, check: Check) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the problem, or pass the request on."""
        if scope["type"] == "http":
            problem = self._check(Head(scope["method"], scope["path"], Headers(scope=scope)))
            if problem is not None:
                await problem_response(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Host names under which the API answers, in lower case and without port."""
    named = {*LOOPBACK_HOSTS, *settings.admin_hosts, *({settings.admin_host} - _WILDCARDS)}
    return frozenset(name.lower().strip("[]") for name in named)


def check_host(hosts: frozenset[str]) -> Check:
    """Refuse a request that was sent to another name: a foreign site may let its own name lead here."""

    def check(head: Head) -> Problem | None:
        given = head.headers.getlist("host")
        if len(given) == 1 and _name_of(given[0]) in hosts:
            return None
        return Problem(403, "HOST_NOT_ALLOWED", "this Host name is not allowed; add it to ADMIN_HOSTS")

    return check


def _name_of(host: str) -> str:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")


def check_page(dev_origins: Collection[str]) -> Check:
    """Refuse what a foreign page sends, and what it has as its picture or script; ``dev_origins`` are none."""

    def check(head: Head) -> Problem | None:
        origin, host = head.headers.get("origin"), head.headers.get("host")
        if origin is not None and origin not in {*dev_origins, f"http://{host}", f"https://{host}"}:
            return _FOREIGN
        if origin is None and head.asks_for_data and _is_embedded(head.headers):
            return _FOREIGN
        return None

    return check


def _is_embedded(headers: Headers) -> bool:
    """Whether another site's page uses the answer as its picture, script or the like: these carry no Origin."""
    foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return foreign and headers.get("sec-fetch-dest") != "document"


def check_token(tokens: tuple[str, ...]) -> Check:
    """Refuse data to those without one of ``tokens``; none given: anybody who passed the other checks."""
    digests = [_digest(token.encode()) for token in tokens]

    def check(head: Head) -> Problem | None:
        if not digests or not head.asks_for_data:
            return None
        scheme, _, given = head.headers.get("authorization", "").partition(" ")
        presented = _digest(given.strip().encode("latin-1"))
        # All are compared, each in constant time.
        known = sum([hmac.compare_digest(presented, digest) for digest in digests])
        return None if known and scheme.lower() == "bearer" else _NO_TOKEN

    return check


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
