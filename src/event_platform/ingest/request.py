"""A request's headers, as the events API reads them."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from event_platform.core.errors import PlatformError
from event_platform.ingest.request_ids import RequestIdentity

_SINGLE_HEADERS: Final = (b"x-api-key", b"idempotency-key", b"content-type", b"ordering-key")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Receive: TypeAlias = Callable[[], Awaitable[Any]]


class ClientGoneError(PlatformError):
    """The client closed the connection before its request was complete."""


class Request(msgspec.Struct, frozen=True):
    """A request whose body is not read yet.

    Attributes:
        headers: By name in lower case; of a repeated one the last value.
        repeated: Headers that may come once only, and came more often.
        receive: ASGI's callable.
        identity: Its id and arrival time.
        http_version: As in ``1.1``.
    """

    headers: Mapping[bytes, bytes]
    repeated: frozenset[bytes]
    receive: Receive
    identity: RequestIdentity
    http_version: str = "1.1"

    @property
    def ends_connection(self) -> bool:
        """Whether the connection is closed after the response."""
        return self.http_version == "1.0" or b"close" in self.headers.get(b"connection", b"").lower()

    @property
    def waits_for_continue(self) -> bool:
        """Whether the client sends its body only after ``100 Continue`` (RFC 9110, section 10.1.1)."""
        return b"expect" in self.headers and self.http_version != "1.0"

    @property
    def traceparent(self) -> bytes | None:
        """The W3C trace context to pass on with the event; None if it is missing or invalid."""
        given = self.headers.get(b"traceparent")
        return given if given is not None and _TRACEPARENT.fullmatch(given) else None


def request_from_headers(
    headers: list[tuple[bytes, bytes]], receive: Receive, identity: RequestIdentity, http_version: str = "1.1"
) -> Request:
    """Return the request that begins with ``headers``."""
    by_name = dict(headers)
    repeated: frozenset[bytes] = frozenset()
    if len(by_name) != len(headers):
        names = [name for name, _ in headers]
        repeated = frozenset(name for name in _SINGLE_HEADERS if names.count(name) > 1)
    return Request(by_name, repeated, receive, identity, http_version)
