"""Encodes requests as HTTP/1.1."""

from typing import Final

from event_platform.loadgen.sending.target import Target
from event_platform.loadgen.traffic.events import Request

_UNKNOWN_API_KEY: Final = "nobody-has-this-key"


class RequestEncoder:
    """Encodes requests to one target; the headers common to a tenant's requests are encoded once."""

    def __init__(self, target: Target) -> None:
        self._heads = {tenant: _head(target, "/events", key) for tenant, key in target.keys.items()}
        self._batch_heads = {tenant: _head(target, "/events/batch", key) for tenant, key in target.keys.items()}
        self._wrong_key_head = _head(target, "/events", _UNKNOWN_API_KEY)

    def encode(self, request: Request, *, as_batch: bool) -> bytes:
        """Return the bytes of ``request``, as a batch if asked for and its kind may be in one."""
        event = request.events[0]
        if as_batch and event.kind.in_batch:
            return self._encode_batch(request)
        head = self._wrong_key_head if event.kind.name == "wrong_key" else self._heads[event.tenant]
        key = event.key.encode()
        return b"%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (head, key, len(event.body), event.body)

    def _encode_batch(self, request: Request) -> bytes:
        items = [b'{"idempotency_key":"%b","event":%b}' % (each.key.encode(), each.body) for each in request.events]
        body = b'{"events":[%b]}' % b",".join(items)
        return b"%bContent-Length: %d\r\n\r\n%b" % (self._batch_heads[request.tenant], len(body), body)


def _head(target: Target, path: str, key: str) -> bytes:
    return (
        f"POST {target.path}{path} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: event-platform-loadgen\r\n"
        f"X-API-Key: {key}\r\nContent-Type: application/json\r\n"
    ).encode()
