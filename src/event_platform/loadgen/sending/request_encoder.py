"""Requests as bytes, and what the answers say of each event."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.recording.attempt_result import Ended
from event_platform.loadgen.traffic.plan import Request

WRONG_KEY: Final = "nobody-has-this-key"


class Answer(Struct, frozen=True):
    """An HTTP answer as it came."""

    status: int
    body: bytes
    retry_after: str = ""


class Target(Struct, frozen=True):
    """Where requests go, and with which key of each tenant."""

    host: str
    port: int
    tls: bool
    path: str
    keys: Mapping[str, str]

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def target(url: str, keys: Mapping[str, str]) -> Target:
    """The platform at ``url``, whose ingest may stand behind a path.

    Raises:
        ConfigurationError: It is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ConfigurationError(f"--url {url}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"--url {url}: expected http://host:port or https://host:port")
    return Target(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"), keys)


class Wire:
    """Writes requests to one target."""

    def __init__(self, target: Target) -> None:
        self._heads = {tenant: _head(target, "/events", key) for tenant, key in target.keys.items()}
        self._batch_heads = {tenant: _head(target, "/events/batch", key) for tenant, key in target.keys.items()}
        self._wrong_head = _head(target, "/events", WRONG_KEY)

    def write(self, request: Request, *, as_batch: bool) -> bytes:
        """The request's bytes."""
        event = request.events[0]
        if as_batch and event.kind.in_batch:
            body = b'{"events":[%b]}' % b",".join(
                [b'{"idempotency_key":"%b","event":%b}' % (each.key.encode(), each.body) for each in request.events]
            )
            return b"%bContent-Length: %d\r\n\r\n%b" % (self._batch_heads[event.tenant], len(body), body)
        head = self._wrong_head if event.kind.name == "wrong_key" else self._heads[event.tenant]
        key = event.key.encode()
        return b"%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (head, key, len(event.body), event.body)


def _head(target: Target, path: str, key: str) -> bytes:
    return (
        f"POST {target.path}{path} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: event-platform-loadgen\r\n"
        f"X-API-Key: {key}\r\nContent-Type: application/json\r\n"
    ).encode()


class _Error(Struct):
    code: str = ""


class _Body(Struct):
    """Of a single request's answer, and of each item's result in a batch's answer."""

    status: str = ""
    request_id: str | None = None
    duplicate: bool = False
    error: _Error | None = None


class _BatchBody(Struct):
    results: list[_Body]


_single = msgspec.json.Decoder(_Body)
_batch = msgspec.json.Decoder(_BatchBody)

STATUS_OF_CODE: Final = {
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "IDEMPOTENCY_IN_PROGRESS": HTTPStatus.CONFLICT,
    "IDEMPOTENCY_KEY_REUSED": HTTPStatus.UNPROCESSABLE_ENTITY,
    "PAYLOAD_TOO_LARGE": HTTPStatus.CONTENT_TOO_LARGE if hasattr(HTTPStatus, "CONTENT_TOO_LARGE") else 413,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What a batch item's error would have been as an answer of its own; any other is 400."""


def read(answer: Answer, request: Request) -> list[Ended]:
    """What ``answer`` says of each of the request's events, in order."""
    retry_after = float(answer.retry_after) if answer.retry_after.isdigit() else None
    try:
        if answer.status == HTTPStatus.ACCEPTED and answer.body.startswith(b'{"accepted"'):
            return _items(answer, request, retry_after)
        return [_ended(answer.status, _single.decode(answer.body), retry_after)] * len(request.events)
    except msgspec.DecodeError:
        return [Ended(answer.status, "not the platform's answer", retry_after_seconds=retry_after)] * len(
            request.events
        )


def _items(answer: Answer, request: Request, retry_after: float | None) -> list[Ended]:
    results = _batch.decode(answer.body).results
    if len(results) != len(request.events):
        raise msgspec.DecodeError(f"{len(results)} results for {len(request.events)} items")
    return [_ended(_item_status(result), result, retry_after) for result in results]


def _item_status(result: _Body) -> int:
    if result.error is None:
        return HTTPStatus.ACCEPTED
    return int(STATUS_OF_CODE.get(result.error.code, HTTPStatus.BAD_REQUEST))


def _ended(status: int, body: _Body, retry_after: float | None) -> Ended:
    code = body.error.code if body.error else ""
    return Ended(status, code, body.request_id, body.duplicate, retry_after_seconds=retry_after)
