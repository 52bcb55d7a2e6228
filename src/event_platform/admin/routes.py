"""Which question is answered at which path."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from event_platform.admin.health.prober import HealthProber
from event_platform.admin.lag.monitor import LagMonitor
from event_platform.admin.parameters import (
    Before,
    DeadLetterCode,
    EventId,
    IdempotencyKey,
    LookupRequest,
    OptionalTenant,
    PageSize,
    RequestId,
    SeriesMinutes,
    SinceMinutes,
    Tenant,
)
from event_platform.admin.queries import dead_letters, lookup, overview, search, series
from event_platform.admin.queries.database import Database, clock
from event_platform.admin.responses import (
    DeadLetterPage,
    ErrorResponse,
    Fates,
    Found,
    Health,
    Lag,
    Overview,
    Series,
    TopEventTypes,
)


def _error(description: str) -> dict[str, Any]:
    return {"model": ErrorResponse, "description": description}


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: _error("No valid token, where `ADMIN_TOKENS` are set."),
    403: _error("The request comes from a foreign web page, or under a Host name that is not allowed."),
}
_READ: Final = {**_REFUSED, 503: _error("Postgres does not answer, or not in time.")}
_ASKED: Final = {**_READ, 422: _error("A parameter is missing or wrong; the message says what was expected.")}

router = APIRouter(prefix="/admin", generate_unique_id_function=lambda route: route.name)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _lag_monitor(request: Request) -> LagMonitor:
    monitor: LagMonitor = request.app.state.lag_monitor
    return monitor


def _health_prober(request: Request) -> HealthProber:
    prober: HealthProber = request.app.state.health_prober
    return prober


def _only_json(request: Request) -> None:
    """Refuse forms: any page may send one without asking for permission, which it must for JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


FromDatabase = Annotated[Database, Depends(_database)]


@router.get("/overview", responses=_READ)
async def get_overview(database: FromDatabase) -> Overview:
    """Counts of the last minutes and of today, the top type, and the dead letters by code."""
    async with database.reading() as connection:
        return await overview.read(connection, await clock(connection))


@router.get("/top-event-types", responses=_ASKED)
async def get_top_event_types(database: FromDatabase, since_minutes: SinceMinutes = 1_440) -> TopEventTypes:
    """Event types by how many were received, at most 200, most first."""
    async with database.reading() as connection:
        return await overview.read_top_types(connection, since_minutes, await clock(connection))


@router.get("/series", responses=_ASKED)
async def get_series(database: FromDatabase, minutes: SeriesMinutes = 60) -> Series:
    """Stored, duplicate and dead over time."""
    async with database.reading() as connection:
        return await series.read(connection, minutes, await clock(connection))


@router.get("/event/search", responses={200: {"model": Found}, **_ASKED})
async def search_events(
    database: FromDatabase,
    tenant: OptionalTenant = None,
    event_id: EventId = None,
    request_id: RequestId = None,
) -> Response:
    """Events and dead letters by the event's id (with its tenant) or by request id (tenant or not); one of the two."""
    async with database.reading() as connection:
        return await search.search(connection, tenant, event_id, request_id)


@router.get("/event/by-idempotency", responses={200: {"model": Found}, **_ASKED})
async def find_by_idempotency_key(database: FromDatabase, tenant: Tenant, idempotency_key: IdempotencyKey) -> Response:
    """Events and dead letters by idempotency key."""
    async with database.reading() as connection:
        return await search.by_idempotency_key(connection, tenant, idempotency_key)


@router.get("/dlq/sample", responses={200: {"model": DeadLetterPage}, **_ASKED})
async def get_dead_letters(
    database: FromDatabase,
    limit: PageSize = 20,
    code: DeadLetterCode = None,
    tenant: OptionalTenant = None,
    before: Before = None,
) -> Response:
    """Dead letters, newest first; a page also ends where its originals reach 8 MiB."""
    async with database.reading() as connection:
        return await dead_letters.page(connection, dead_letters.PageWanted(limit, code, tenant, before))


@router.get("/health", responses=_REFUSED)
async def get_health(prober: Annotated[HealthProber, Depends(_health_prober)]) -> Health:
    """Each dependency as it answers now, within two seconds."""
    return await prober.probe()


@router.get("/kafka/lag", responses=_REFUSED)
async def get_lag(monitor: Annotated[LagMonitor, Depends(_lag_monitor)]) -> Lag:
    """How far the processor is behind, in each partition."""
    return await monitor.read()


@router.post(
    "/events/lookup",
    dependencies=[Depends(_only_json)],
    responses={
        **_ASKED,
        400: _error("The body is no JSON."),
        413: _error("The body is larger than 2 MiB."),
        415: _error("The body is not declared as `application/json`."),
    },
)
async def look_up_events(database: FromDatabase, wanted: LookupRequest) -> Fates:
    """What became of up to 1,000 request ids or idempotency keys of one tenant."""
    async with database.reading() as connection:
        return await lookup.find(connection, wanted)
