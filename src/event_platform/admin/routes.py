"""The routes of the admin API: which path answers with which query."""

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
from event_platform.admin.queries import dead_letters, lookup, overview, search, series, top_event_types
from event_platform.admin.queries.database import Database, current_time
from event_platform.admin.queries.dead_letters import DeadLetterQuery
from event_platform.admin.responses.counts import Overview, Series, TopEventTypes
from event_platform.admin.responses.errors import ErrorResponse
from event_platform.admin.responses.health import Health
from event_platform.admin.responses.lag import Lag
from event_platform.admin.responses.lookup import Fates
from event_platform.admin.responses.search import DeadLetterPage, Found


def _error(description: str) -> dict[str, Any]:
    return {"model": ErrorResponse, "description": description}


_ACCESS_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    401: _error("No valid token, where `ADMIN_TOKENS` is set."),
    403: _error("The request comes from a foreign web page, or has a Host name that is not allowed."),
}
_READ_ERRORS: Final = {**_ACCESS_ERRORS, 503: _error("Postgres does not answer, or not in time.")}
_QUERY_ERRORS: Final = {
    **_READ_ERRORS,
    422: _error("A parameter is missing or invalid; the message says what was expected."),
}

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


def _require_json(request: Request) -> None:
    """Refuse forms: any page may send one without a CORS preflight, which JSON requires."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


DatabaseDependency = Annotated[Database, Depends(_database)]


@router.get("/overview", responses=_READ_ERRORS)
async def get_overview(database: DatabaseDependency) -> Overview:
    """Counts of the last minutes and of today, the top type, and the dead letters by code."""
    async with database.connection() as connection:
        return await overview.read(connection, await current_time(connection))


@router.get("/top-event-types", responses=_QUERY_ERRORS)
async def get_top_event_types(database: DatabaseDependency, since_minutes: SinceMinutes = 1_440) -> TopEventTypes:
    """Event types by number of events received, at most 200, most frequent first."""
    async with database.connection() as connection:
        return await top_event_types.read(connection, since_minutes, await current_time(connection))


@router.get("/series", responses=_QUERY_ERRORS)
async def get_series(database: DatabaseDependency, minutes: SeriesMinutes = 60) -> Series:
    """Stored, duplicate and dead-lettered events over time."""
    async with database.connection() as connection:
        return await series.read(connection, minutes, await current_time(connection))


@router.get("/event/search", responses={200: {"model": Found}, **_QUERY_ERRORS})
async def search_events(
    database: DatabaseDependency,
    tenant: OptionalTenant = None,
    event_id: EventId = None,
    request_id: RequestId = None,
) -> Response:
    """Events and dead letters, either by event id and tenant, or by request id, with or without tenant."""
    async with database.connection() as connection:
        return await search.search(connection, tenant, event_id, request_id)


@router.get("/event/by-idempotency", responses={200: {"model": Found}, **_QUERY_ERRORS})
async def find_by_idempotency_key(
    database: DatabaseDependency, tenant: Tenant, idempotency_key: IdempotencyKey
) -> Response:
    """Events and dead letters by idempotency key."""
    async with database.connection() as connection:
        return await search.search_by_idempotency_key(connection, tenant, idempotency_key)


@router.get("/dlq/sample", responses={200: {"model": DeadLetterPage}, **_QUERY_ERRORS})
async def get_dead_letters(
    database: DatabaseDependency,
    limit: PageSize = 20,
    code: DeadLetterCode = None,
    tenant: OptionalTenant = None,
    before: Before = None,
) -> Response:
    """Dead letters, newest first; a page also ends when its originals reach 8 MiB."""
    async with database.connection() as connection:
        return await dead_letters.read_dead_letter_page(connection, DeadLetterQuery(limit, code, tenant, before))


@router.get("/health", responses=_ACCESS_ERRORS)
async def get_health(prober: Annotated[HealthProber, Depends(_health_prober)]) -> Health:
    """The status of each dependency, probed now, within two seconds."""
    return await prober.probe()


@router.get("/kafka/lag", responses=_ACCESS_ERRORS)
async def get_lag(monitor: Annotated[LagMonitor, Depends(_lag_monitor)]) -> Lag:
    """How far the processor is behind, in total and in each partition."""
    return await monitor.read()


@router.post(
    "/events/lookup",
    dependencies=[Depends(_require_json)],
    responses={
        **_QUERY_ERRORS,
        400: _error("The body is not JSON."),
        413: _error("The body is larger than 2 MiB."),
        415: _error("The content type is not `application/json`."),
    },
)
async def look_up_events(database: DatabaseDependency, body: LookupRequest) -> Fates:
    """What became of up to 1,000 request ids or idempotency keys of one tenant."""
    async with database.connection() as connection:
        if body.request_ids is not None:
            return await lookup.look_up_requests(connection, body.tenant, body.request_ids)
        return await lookup.look_up_keys(connection, body.tenant, body.idempotency_keys or [])
