"""Many events in one request: one Redis call, one wait for all acknowledgements, one result per item."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from event_platform.ingest import rejections, responses
from event_platform.ingest.accept import IngestComponents, authenticate, build_record, charge_and_reject
from event_platform.ingest.batch_envelope import MAX_BATCH_BYTES, read_items
from event_platform.ingest.claims import AdmissionDecision, Admitted, Claim, Duplicate, Tenant
from event_platform.ingest.delivery_outcomes import NotPublishedError
from event_platform.ingest.event import Event
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request import Request
from event_platform.ingest.request_body import read_json_body
from event_platform.ingest.request_ids import RequestIdentity, RequestIdGenerator
from event_platform.ingest.responses import ApiResponse, HeaderList

Item: TypeAlias = Event | Rejection


class AcceptedItem(msgspec.Struct, frozen=True, gc=False):
    """Kafka has acknowledged the item under this id."""

    request_id: str


ItemResult: TypeAlias = AcceptedItem | Duplicate | Rejection


async def accept_batch(ingest: IngestComponents, request_ids: RequestIdGenerator, request: Request) -> ApiResponse:
    """Answer ``POST /events/batch``; raise what `accept.accept` raises, for the batch as a whole."""
    tenant = authenticate(ingest, request)
    try:
        body = await read_json_body(request, MAX_BATCH_BYTES, ingest.budget)
        reservation = ingest.budget.reserve_body(len(body))
    except Rejection as rejection:
        await charge_and_reject(ingest, tenant, rejection)
    with reservation:
        items = await _read_items(ingest, tenant, body)
        identities = request_ids.generate_many(len(items))
        results = await _accept_items(ingest, tenant, items, identities, request.traceparent)
    outcomes = Counter(map(_outcome, results))
    ingest.counters.batch_items(outcomes)
    if outcomes[rejections.RATE_LIMITED.code]:
        ingest.over_limit.add(tenant.name)
    return _response(results, outcomes, request.identity)


async def _read_items(ingest: IngestComponents, tenant: Tenant, body: bytes) -> Sequence[Item]:
    try:
        read = partial(read_items, max_event_bytes=ingest.max_event_bytes)
        return await ingest.parser.parse(tenant.name, body, read)
    except Rejection as rejection:
        await charge_and_reject(ingest, tenant, rejection)


async def _accept_items(
    ingest: IngestComponents,
    tenant: Tenant,
    items: Sequence[Item],
    identities: Sequence[RequestIdentity],
    traceparent: bytes | None,
) -> list[ItemResult]:
    first_index = _first_index_by_key(items)
    claims = [
        Claim(tenant, item.idempotency_key, identity, item.fingerprint)
        if isinstance(item, Event) and first_index[item.idempotency_key] == at
        else None
        for at, (item, identity) in enumerate(zip(items, identities, strict=True))
    ]
    decisions = await ingest.admission.admit_all(tenant, claims)
    published = await _publish(ingest, tenant, items, decisions, traceparent)
    results: list[ItemResult] = []
    for at, (item, decision) in enumerate(zip(items, decisions, strict=True)):
        if isinstance(decision, Duplicate | Rejection):
            results.append(decision)
        else:
            results.append(published.get(at) or _unclaimed_result(item, items, first_index, results))
    return results


def _first_index_by_key(items: Sequence[Item]) -> dict[str, int]:
    first_index: dict[str, int] = {}
    for at, item in enumerate(items):
        if isinstance(item, Event):
            first_index.setdefault(item.idempotency_key, at)
    return first_index


def _unclaimed_result(
    item: Item, items: Sequence[Item], first_index: dict[str, int], results: Sequence[ItemResult]
) -> ItemResult:
    """Return the result of an item that claimed nothing: its rejection, or that of the first item with its key."""
    if isinstance(item, Rejection):
        return item
    at = first_index[item.idempotency_key]
    first, result = items[at], results[at]
    if isinstance(first, Rejection) or first.fingerprint != item.fingerprint:
        return Rejection(rejections.IDEMPOTENCY_KEY_REUSED)
    return Duplicate(result.request_id) if isinstance(result, AcceptedItem) else result


async def _publish(
    ingest: IngestComponents,
    tenant: Tenant,
    items: Sequence[Item],
    decisions: Sequence[AdmissionDecision | None],
    traceparent: bytes | None,
) -> dict[int, ItemResult]:
    """Publish the admitted items and update their claims; return each one's result by its index."""
    admitted = {at: decision for at, decision in enumerate(decisions) if isinstance(decision, Admitted)}
    events = ((decision, items[at]) for at, decision in admitted.items())
    records = [
        build_record(tenant, decision, event, traceparent) for decision, event in events if isinstance(event, Event)
    ]
    failures = await ingest.publisher.publish_all(records)
    await _update_claims(ingest, list(admitted.values()), failures)
    return {
        at: rejections.unavailable() if failure else AcceptedItem(decision.request.id)
        for (at, decision), failure in zip(admitted.items(), failures, strict=True)
    }


async def _update_claims(
    ingest: IngestComponents, admitted: Sequence[Admitted], failures: Sequence[Exception | None]
) -> None:
    outcomes = list(zip(admitted, failures, strict=True))
    not_published = [each for each, failure in outcomes if isinstance(failure, NotPublishedError)]
    unknown = [each for each, failure in outcomes if failure and not isinstance(failure, NotPublishedError)]
    await ingest.admission.release(not_published)
    await ingest.admission.mark_unknown(unknown)
    await ingest.admission.confirm([each for each, failure in outcomes if failure is None])


def _outcome(result: ItemResult) -> str:
    if isinstance(result, Rejection):
        return result.kind.code
    return "ACCEPTED" if isinstance(result, AcceptedItem) else "DUPLICATE"


def _response(results: Sequence[ItemResult], outcomes: Counter[str], identity: RequestIdentity) -> ApiResponse:
    accepted, duplicates = outcomes["ACCEPTED"], outcomes["DUPLICATE"]
    if not accepted and not duplicates and outcomes["UNAVAILABLE"]:
        return responses.rejected(rejections.unavailable(), identity.id)
    counts = (accepted, duplicates, len(results) - accepted - duplicates)
    return responses.batch(counts, [_result_body(result) for result in results], _limit_headers(results, outcomes))


def _limit_headers(results: Sequence[ItemResult], outcomes: Counter[str]) -> HeaderList:
    """Return the headers of a 429, if the limit rejected an item."""
    if not outcomes[rejections.RATE_LIMITED.code]:
        return ()
    rejected = (result for result in results if isinstance(result, Rejection))
    return next(rejection.headers for rejection in rejected if rejection.kind is rejections.RATE_LIMITED)


def _result_body(result: ItemResult) -> bytes:
    if isinstance(result, AcceptedItem):
        return responses.accepted_body(result.request_id)
    if isinstance(result, Duplicate):
        return responses.duplicate_body(result.first_id)
    return responses.rejected_body(result.kind.code, result.message)
