"""One event: authenticate → size and type → idempotency key → parse → admit → publish → confirm → respond.

A tenant that is already over its limit is rejected right after authentication.
"""

from dataclasses import dataclass
from typing import NoReturn

from event_platform.core import envelope
from event_platform.ingest import responses
from event_platform.ingest.admission import Admission
from event_platform.ingest.auth import ApiKeys
from event_platform.ingest.body_budget import BodyBudget
from event_platform.ingest.claims import Admitted, Claim, Duplicate, Tenant
from event_platform.ingest.delivery_outcomes import NotPublishedError, PublicationUnknownError, Record
from event_platform.ingest.event import Event, read_event
from event_platform.ingest.offloaded_parsing import OffloadedParser
from event_platform.ingest.over_limit_tenants import OverLimitTenants
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.rejections import RATE_LIMITED, Rejection
from event_platform.ingest.request import Request
from event_platform.ingest.request_body import read_json_body, reject_unread
from event_platform.ingest.responses import ApiResponse
from event_platform.ingest.shared_counters import Counters


@dataclass(frozen=True, slots=True)
class IngestComponents:
    """What every request uses; built once when the service starts."""

    api_keys: ApiKeys
    admission: Admission
    publisher: Publisher
    budget: BodyBudget
    parser: OffloadedParser
    counters: Counters
    max_event_bytes: int
    over_limit: OverLimitTenants


async def accept(ingest: IngestComponents, request: Request) -> ApiResponse:
    """Answer ``POST /events``.

    Raises:
        Rejection: The documented response to everything that is not accepted.
        UnavailableError: Kafka did not acknowledge the event.
        ClientGoneError: The client closed the connection.
    """
    tenant = authenticate(ingest, request)
    if tenant.name in ingest.over_limit:
        await _reject_unread(ingest, tenant, request)
    try:
        body = await read_json_body(request, ingest.max_event_bytes, ingest.budget)
        reservation = ingest.budget.reserve_body(len(body))
    except Rejection as rejection:
        await charge_and_reject(ingest, tenant, rejection)
    with reservation:
        return await _accept_body(ingest, tenant, request, body)


async def _reject_unread(ingest: IngestComponents, tenant: Tenant, request: Request) -> None:
    """Raise the 429 of a tenant over its limit: it takes precedence over every other response, so nothing is read."""
    limited = await ingest.over_limit.check(tenant)
    if limited is not None:
        raise await reject_unread(request, limited, ingest.max_event_bytes)


async def _accept_body(ingest: IngestComponents, tenant: Tenant, request: Request, body: bytes) -> ApiResponse:
    try:
        event = await read_event(request, tenant.name, body, ingest.parser)
    except Rejection as rejection:
        await charge_and_reject(ingest, tenant, rejection)
    claim = Claim(tenant, event.idempotency_key, request.identity, event.fingerprint)
    try:
        decision = await ingest.admission.admit(claim)
    except Rejection as rejection:
        if rejection.kind is RATE_LIMITED:
            ingest.over_limit.add(tenant.name)
        raise
    if isinstance(decision, Duplicate):
        return responses.duplicate(decision.first_id)
    await publish(ingest, decision, build_record(tenant, decision, event, request.traceparent))
    await ingest.admission.confirm((decision,))
    return responses.accepted(decision.request.id)


async def charge_and_reject(ingest: IngestComponents, tenant: Tenant, rejection: Rejection) -> NoReturn:
    """Raise ``rejection``, or the 429 that takes precedence; either closes the connection if the body was not read."""
    try:
        await ingest.admission.charge(tenant)
    except Rejection as limited:
        ingest.over_limit.add(tenant.name)
        raise limited.closing() if rejection.close else limited from None
    raise rejection


def authenticate(ingest: IngestComponents, request: Request) -> Tenant:
    """Return the tenant that sent the request; raise the same `Rejection` for every wrong key."""
    repeated = b"x-api-key" in request.repeated
    return ingest.api_keys.tenant_for(None if repeated else request.headers.get(b"x-api-key"))


def build_record(tenant: Tenant, admitted: Admitted, event: Event, traceparent: bytes | None) -> Record:
    """Return the record of ``events.raw``, with the identity that the event was admitted under."""
    first = admitted.request
    value = envelope.wrap(tenant.name, first.received_at, "req_" + first.id, event.idempotency_key, event.body)
    key = envelope.record_key(tenant.name, event.ordering_key or event.idempotency_key)
    return Record(key, value, [("traceparent", traceparent)] if traceparent else None)


async def publish(ingest: IngestComponents, admitted: Admitted, record: Record) -> None:
    """Return when Kafka has acknowledged ``record``; else update the claim by what is known and raise the failure."""
    try:
        await ingest.publisher.publish(record)
    except NotPublishedError:
        await ingest.admission.release((admitted,))
        raise
    except PublicationUnknownError:
        await ingest.admission.mark_unknown((admitted,))
        raise
