"""Whether a request's head is valid HTTP/1.x and within the bounds."""

from collections.abc import Sequence
from http import HTTPStatus

from event_platform.core.http.bounds import Bounds

Header = tuple[bytes, bytes]


def check(headers: Sequence[Header], head_bytes: int, version: str, bounds: Bounds) -> HTTPStatus:
    """Return OK, or the status with which to refuse the request.

    Args:
        headers: The headers, with names in lower case.
        head_bytes: The size of names, values and the counted part of the target.
        version: The HTTP version, for example ``1.1``.
        bounds: The allowed number and size.
    """
    if len(headers) > bounds.max_headers or head_bytes > bounds.max_head_bytes:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    # RFC 9112, section 3.2: HTTP/1.1 has exactly one Host.
    hosts_are_right = hosts == 1 or (hosts == 0 and version == "1.0")
    if not hosts_are_right or version not in {"1.0", "1.1"}:
        return HTTPStatus.BAD_REQUEST
    if b"transfer-encoding" in names and _has_unknown_coding(headers):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.OK


def _has_unknown_coding(headers: Sequence[Header]) -> bool:
    """Return whether there is a transfer coding other than ``chunked`` (RFC 9112, section 6.1)."""
    return any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in headers)
