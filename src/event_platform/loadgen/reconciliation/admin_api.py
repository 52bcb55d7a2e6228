"""What the admin API says of events and of the pipeline, for whoever may ask it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Self, TypeVar

import httpx
import msgspec
from msgspec import Struct

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.loadgen.reconciliation.reconcile import Fate, Key

_TIMEOUT_SECONDS = 15.0
_MAX_LOOKUP = 1_000
_Shape = TypeVar("_Shape")


class Partition(Struct, frozen=True):
    """Offsets of one partition; None where they are unknown."""

    partition: int
    committed: int | None = None
    end: int | None = None


class Lag(Struct, frozen=True):
    """How far the processor is behind; None where it is unknown."""

    as_of: str
    partitions: list[Partition]
    total: int | None = None
    error: str | None = None


class _Result(Struct):
    stored_count: int
    dead_count: int
    id: str | None = None
    code: str | None = None
    request_id: str = ""
    idempotency_key: str = ""


class _Results(Struct):
    results: list[_Result]


class AdminApi:
    """A client for one run; ``token`` where the API asks for one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def lag(self) -> Lag:
        """How far the processor is behind.

        Raises:
            UnavailableError: The API does not answer, or cannot for now.
            PlatformError: It refuses, or answers what it should not.
        """
        return _decoded(self._ask("GET", "/admin/kafka/lag"), Lag)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON of any endpoint
        """The JSON of another endpoint; raises as `lag` does."""
        return msgspec.json.decode(self._ask("GET", path))

    def fates_of_keys(self, keys: Iterable[Key]) -> dict[Key, Fate]:
        """What is held under idempotency keys; raises as `lag` does."""
        return self._look_up("idempotency_key", keys)

    def fates_of_requests(self, requests: Iterable[Key]) -> dict[Key, Fate]:
        """What is held under request ids; raises as `lag` does."""
        return self._look_up("request_id", requests)

    def _look_up(self, name: str, wanted: Iterable[Key]) -> dict[Key, Fate]:
        fates: dict[Key, Fate] = {}
        for tenant, names in _portions(wanted):
            body = self._ask("POST", "/admin/events/lookup", {"tenant": tenant, f"{name}s": names})
            for result in _decoded(body, _Results).results:
                fate = Fate(result.stored_count, result.dead_count, result.id, result.code)
                fates[tenant, getattr(result, name)] = fate
        return fates

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        doing = f"asking {self.url}{path}"
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise UnavailableError(f"{doing}: {type(error).__name__} {error}") from error
        if answer.is_server_error:
            raise UnavailableError(f"{doing}: {answer.status_code} {answer.text[:300]}")
        if not answer.is_success:
            raise PlatformError(f"{doing}: {answer.status_code} {answer.text[:300]}")
        return answer.content


def _decoded(body: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise PlatformError(f"the admin API's answer has another form: {error}") from error


def _portions(wanted: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """Names by tenant, in lists of the size that one lookup takes."""
    by_tenant: dict[str, list[str]] = {}
    for tenant, name in wanted:
        by_tenant.setdefault(tenant, []).append(name)
    for tenant, names in by_tenant.items():
        rest = iter(names)
        while portion := list(islice(rest, _MAX_LOOKUP)):
            yield tenant, portion
