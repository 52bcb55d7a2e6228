"""A client of the admin API: lag, lookups of keys and request ids."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, Self, TypeVar

import httpx
import msgspec
from msgspec import Struct

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.loadgen.reconciliation.platform_state import KeyState, RequestKey
from event_platform.loadgen.recording.attempt import EventKey

_TIMEOUT_SECONDS: Final = 15.0
_MAX_KEYS_PER_LOOKUP: Final = 1_000
_Shape = TypeVar("_Shape")


class PartitionOffsets(Struct, frozen=True):
    """Offsets of one partition; None if unknown."""

    partition: int
    committed: int | None = None
    end: int | None = None


class Lag(Struct, frozen=True):
    """How many events the processor has not processed yet; None if unknown."""

    as_of: str
    partitions: list[PartitionOffsets]
    total: int | None = None
    error: str | None = None


class _LookupResult(Struct):
    stored_count: int
    dead_count: int
    id: str | None = None
    code: str | None = None
    request_id: str = ""
    idempotency_key: str = ""


class _LookupResults(Struct):
    results: list[_LookupResult]


class AdminApi:
    """A client with its own connections; ``token`` is needed if the API requires one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def lag(self) -> Lag:
        """Return the processor's lag.

        Raises:
            UnavailableError: The API does not answer, or not at present.
            PlatformError: It refuses the request, or its answer has another form.
        """
        return _decoded(self._send("GET", "/admin/kafka/lag"), Lag)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON of any endpoint
        """Return the JSON of another endpoint; raises as `lag` does."""
        return msgspec.json.decode(self._send("GET", path))

    def lookup_keys(self, keys: Iterable[EventKey]) -> dict[EventKey, KeyState]:
        """Return what is held under idempotency keys; raises as `lag` does."""
        return self._look_up("idempotency_key", keys)

    def lookup_request_ids(self, requests: Iterable[RequestKey]) -> dict[RequestKey, KeyState]:
        """Return what is held under request ids; raises as `lag` does."""
        return self._look_up("request_id", requests)

    def _look_up(self, field: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KeyState]:
        states: dict[tuple[str, str], KeyState] = {}
        for tenant, values in _chunks_by_tenant(wanted):
            body = self._send("POST", "/admin/events/lookup", {"tenant": tenant, f"{field}s": values})
            for result in _decoded(body, _LookupResults).results:
                state = KeyState(result.stored_count, result.dead_count, result.id, result.code)
                states[tenant, getattr(result, field)] = state
        return states

    def _send(self, method: str, path: str, body: object = None) -> bytes:
        doing = f"asking {self.url}{path}"
        try:
            response = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise UnavailableError(f"{doing}: {type(error).__name__} {error}") from error
        if response.is_server_error:
            raise UnavailableError(f"{doing}: {response.status_code} {response.text[:300]}")
        if not response.is_success:
            raise PlatformError(f"{doing}: {response.status_code} {response.text[:300]}")
        return response.content


def _decoded(body: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise PlatformError(f"the admin API's answer has another form: {error}") from error


def _chunks_by_tenant(wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield tenants with lists of their keys, each as long as one lookup may be."""
    by_tenant: dict[str, list[str]] = {}
    for tenant, value in wanted:
        by_tenant.setdefault(tenant, []).append(value)
    for tenant, values in by_tenant.items():
        remaining = iter(values)
        while chunk := list(islice(remaining, _MAX_KEYS_PER_LOOKUP)):
            yield tenant, chunk
