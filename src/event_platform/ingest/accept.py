"""One event: authenticate → size and type → idempotency key → parse → admit → publish → confirm → answer.

A tenant who is over the limit already is refused behind the first of these.
"""

from typing import NoReturn

import msgspec

from event_platform.core import envelope
from event_platform.ingest import responses
from event_platform.ingest.admission import Admission, Admitted, Claim, Duplicate, Tenant
from event_platform.ingest.auth import ApiKeys
from event_platform.ingest.body_budget import BodyBudget
from event_platform.ingest.exhausted import Exhausted
from event_platform.ingest.problems import RATE_LIMITED, Refusal
from event_platform.ingest.publication import NotPublishedError, PublicationUnknownError, Record
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.request import Event, Request, leave_unread, read_event, read_json_body
from event_platform.ingest.responses import Answer
from event_platform.ingest.slow_lane import SlowLane
from event_platform.ingest.tally import Tally


class Ingest(msgspec.Struct, frozen=True):
    """What every request works with; built once when the service starts."""

    api_keys: ApiKeys
    admission: Admission
    publisher: Publisher
    budget: BodyBudget
    slow_lane: SlowLane
    tally: Tally
    max_event_bytes: int
    exhausted: Exhausted


async def accept(ingest: Ingest, request: Request) -> Answer:
    """Answer ``POST /events``.

    Raises:
        Refusal: The documented answer to everything that is not accepted.
        UnavailableError: Kafka did not acknowledge the event.
        ClientGoneError: There is nobody to answer.
    """
    tenant = authenticate(ingest, request)
    if tenant.name in ingest.exhausted:
        await _refuse_unread(ingest, tenant, request)
    try:
        body = await read_json_body(request, ingest.max_event_bytes, ingest.budget)
        hold = ingest.budget.hold_body(len(body))
    except Refusal as refusal:
        await charge_and_refuse(ingest, tenant, refusal)
    with hold:
        return await _accept_body(ingest, tenant, request, body)


async def _refuse_unread(ingest: Ingest, tenant: Tenant, request: Request) -> None:
    """429 goes before every other answer, so nothing of the request need be read for it."""
    limited = await ingest.exhausted.look(tenant)
    if limited is not None:
        raise await leave_unread(request, limited, ingest.max_event_bytes)


async def _accept_body(ingest: Ingest, tenant: Tenant, request: Request, body: bytes) -> Answer:
    try:
        event = await read_event(request, tenant.name, body, ingest.slow_lane)
    except Refusal as refusal:
        await charge_and_refuse(ingest, tenant, refusal)
    claim = Claim(tenant, event.idempotency_key, request.ticket, event.fingerprint)
    try:
        verdict = await ingest.admission.admit(claim)
    except Refusal as refusal:
        if refusal.problem is RATE_LIMITED:
            ingest.exhausted.mark(tenant.name)
        raise
    if isinstance(verdict, Duplicate):
        return responses.duplicate(verdict.first_id)
    await publish(ingest, verdict, record(tenant, verdict, event, request.traceparent))
    await ingest.admission.confirm((verdict,))
    return responses.accepted(verdict.request.id)


async def charge_and_refuse(ingest: Ingest, tenant: Tenant, refusal: Refusal) -> NoReturn:
    """Raise ``refusal``, or the 429 that goes before it; either ends the connection if the body was not read."""
    try:
        await ingest.admission.charge(tenant)
    except Refusal as limited:
        ingest.exhausted.mark(tenant.name)
        raise limited.closing() if refusal.close else limited from None
    raise refusal


def authenticate(ingest: Ingest, request: Request) -> Tenant:
    """Whose request it is; raises the one `Refusal` of all wrong keys."""
    repeated = b"x-api-key" in request.repeated
    return ingest.api_keys.tenant_of(None if repeated else request.headers.get(b"x-api-key"))


def record(tenant: Tenant, admitted: Admitted, event: Event, traceparent: bytes | None) -> Record:
    """The message of ``events.raw``, with the identity under which it was admitted."""
    first = admitted.request
    value = envelope.wrap(tenant.name, first.received_at, "req_" + first.id, event.idempotency_key, event.body)
    key = envelope.record_key(tenant.name, event.ordering_key or event.idempotency_key)
    return Record(key, value, [("traceparent", traceparent)] if traceparent else None)


async def publish(ingest: Ingest, admitted: Admitted, message: Record) -> None:
    """Return when Kafka has acknowledged; else settle the claim by what is known and raise the failure."""
    try:
        await ingest.publisher.publish(message)
    except NotPublishedError:
        await ingest.admission.release((admitted,))
        raise
    except PublicationUnknownError:
        await ingest.admission.leave_unknown((admitted,))
        raise
