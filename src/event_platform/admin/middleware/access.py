"""Access checks on the head of a request, made before anything else reads it.

The allow-list of Host names prevents DNS rebinding, the Origin check keeps foreign pages from using a visitor's
browser, and tokens, where they are set, keep out everybody else.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from event_platform.admin.middleware.error_responses import ErrorDetails, error_response
from event_platform.core.addresses import LOOPBACK_HOSTS, WILDCARD_HOSTS
from event_platform.core.settings.model import Settings

_NO_TOKEN: Final = ErrorDetails(
    401, "UNAUTHORIZED", "expected the header Authorization: Bearer <token>, with one of ADMIN_TOKENS"
)
_FOREIGN_ORIGIN: Final = ErrorDetails(403, "FOREIGN_ORIGIN", "this page may not call the admin API")


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The parts of a request that access checks read."""

    method: str
    path: str
    headers: Headers

    @property
    def is_data_request(self) -> bool:
        """Whether the path returns data, unlike pages, their files and liveness checks."""
        return self.path.startswith("/admin/") or self.path in {"/admin", "/metrics"}


AccessCheck = Callable[[RequestHead], ErrorDetails | None]
"""Returns why the request is refused, or None."""


class RequestFilter:
    """ASGI middleware that answers a request with the error of its check, or passes it on."""

    def __init__(self, app: ASGIApp, check: AccessCheck) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the check's error, or pass the request on."""
        if scope["type"] == "http":
            error = self._check(RequestHead(scope["method"], scope["path"], Headers(scope=scope)))
            if error is not None:
                await error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Host names under which the API answers, in lower case and without a port."""
    hosts = {*LOOPBACK_HOSTS, *settings.admin_hosts, *({settings.admin_host} - WILDCARD_HOSTS.keys())}
    return frozenset(host.lower().strip("[]") for host in hosts)


def check_host(hosts: frozenset[str]) -> AccessCheck:
    """Make a check that refuses every Host header but those of ``hosts``.

    A foreign site can let its own name resolve to this address; the browser then takes the API for part of that site.
    """

    def check(head: RequestHead) -> ErrorDetails | None:
        given = head.headers.getlist("host")
        if len(given) == 1 and _host_name(given[0]) in hosts:
            return None
        return ErrorDetails(403, "HOST_NOT_ALLOWED", "this Host name is not allowed; add it to ADMIN_HOSTS")

    return check


def _host_name(header: str) -> str:
    """The name in a Host header, in lower case and without a port."""
    name = header[1:].partition("]")[0] if header.startswith("[") else header.partition(":")[0]
    return name.lower().removesuffix(".")


def check_origin(dev_origins: Collection[str]) -> AccessCheck:
    """Make a check that refuses requests of foreign pages, and data embedded in them; ``dev_origins`` are allowed."""

    def check(head: RequestHead) -> ErrorDetails | None:
        origin, host = head.headers.get("origin"), head.headers.get("host")
        if origin is not None and origin not in {*dev_origins, f"http://{host}", f"https://{host}"}:
            return _FOREIGN_ORIGIN
        if origin is None and head.is_data_request and _is_embedded(head.headers):
            return _FOREIGN_ORIGIN
        return None

    return check


def _is_embedded(headers: Headers) -> bool:
    """Whether another site's page loads this as an image, script or the like; browsers send no Origin with these."""
    foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return foreign and headers.get("sec-fetch-dest") != "document"


def check_token(tokens: tuple[str, ...]) -> AccessCheck:
    """Make a check that refuses data requests without one of ``tokens``; without tokens it allows everything."""
    digests = [_digest(token.encode()) for token in tokens]

    def check(head: RequestHead) -> ErrorDetails | None:
        if not digests or not head.is_data_request:
            return None
        scheme, _, given = head.headers.get("authorization", "").partition(" ")
        presented = _digest(given.strip().encode("latin-1"))
        # Compare with every token, each in constant time, so that the duration reveals nothing.
        known = sum([hmac.compare_digest(presented, digest) for digest in digests])
        return None if known and scheme.lower() == "bearer" else _NO_TOKEN

    return check


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
