"""Many events in one request: one Redis call, one wait for all acknowledgements, one result per item."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from event_platform.ingest import problems, responses
from event_platform.ingest.accept import Ingest, authenticate, record
from event_platform.ingest.admission import Admitted, Claim, Duplicate, Tenant, Verdict
from event_platform.ingest.batch_envelope import MAX_BATCH_BYTES, read_items
from event_platform.ingest.problems import Refusal
from event_platform.ingest.publisher import NotPublishedError
from event_platform.ingest.request import Event, Request, read_json_body
from event_platform.ingest.request_ids import Ticket, Tickets
from event_platform.ingest.responses import Answer

Item = Event | Refusal


class Accepted(msgspec.Struct, frozen=True):
    """Kafka has acknowledged the item under this id."""

    request_id: str


Result = Accepted | Duplicate | Refusal


async def accept_batch(ingest: Ingest, tickets: Tickets, request: Request) -> Answer:
    """Answer ``POST /events/batch``; raises what `accept.accept` raises, for the batch as a whole."""
    tenant = authenticate(ingest, request)
    try:
        body = await read_json_body(request, MAX_BATCH_BYTES, ingest.budget)
        items = read_items(body, ingest.max_event_bytes)
    except Refusal:
        await ingest.admission.charge(tenant)
        raise
    with ingest.budget.hold(len(body)):
        results = await _accept_items(ingest, tenant, items, [tickets.draw() for _ in items])
    for result in results:
        ingest.tally.item(_outcome(result))
    return _answer(results, request.ticket)


async def _accept_items(
    ingest: Ingest, tenant: Tenant, items: Sequence[Item], tickets: Sequence[Ticket]
) -> list[Result]:
    firsts = _firsts(items)
    claims = [
        Claim(tenant, item.idempotency_key, ticket, item.fingerprint)
        if isinstance(item, Event) and firsts[item.idempotency_key] == at
        else None
        for at, (item, ticket) in enumerate(zip(items, tickets, strict=True))
    ]
    verdicts = await ingest.admission.admit_all(tenant, claims)
    published = await _publish(ingest, tenant, items, verdicts)
    results: list[Result] = []
    for at, (item, verdict) in enumerate(zip(items, verdicts, strict=True)):
        if isinstance(verdict, Duplicate | Refusal):
            results.append(verdict)
        else:
            results.append(published.get(at) or _of_copy(item, items, firsts, results))
    return results


def _firsts(items: Sequence[Item]) -> dict[str, int]:
    """Where each key comes first."""
    firsts: dict[str, int] = {}
    for at, item in enumerate(items):
        if isinstance(item, Event):
            firsts.setdefault(item.idempotency_key, at)
    return firsts


def _of_copy(item: Item, items: Sequence[Item], firsts: dict[str, int], results: Sequence[Result]) -> Result:
    """The result of a further item with a key of this batch: it shares the first one's fate."""
    if isinstance(item, Refusal):
        return item
    first_at = firsts[item.idempotency_key]
    first, result = items[first_at], results[first_at]
    if isinstance(first, Refusal) or first.fingerprint != item.fingerprint:
        return Refusal(problems.IDEMPOTENCY_KEY_REUSED)
    return Duplicate(result.request_id) if isinstance(result, Accepted) else result


async def _publish(
    ingest: Ingest, tenant: Tenant, items: Sequence[Item], verdicts: Sequence[Verdict | None]
) -> dict[int, Result]:
    """Publish the admitted items and settle their claims; each one's result by its place."""
    admitted = {at: verdict for at, verdict in enumerate(verdicts) if isinstance(verdict, Admitted)}
    events = ((verdict, items[at]) for at, verdict in admitted.items())
    records = [record(tenant, verdict, event) for verdict, event in events if isinstance(event, Event)]
    failures = await ingest.publisher.publish_all(records)
    await _settle(ingest, list(admitted.values()), failures)
    return {
        at: problems.unavailable() if failure else Accepted(verdict.request.id)
        for (at, verdict), failure in zip(admitted.items(), failures, strict=True)
    }


async def _settle(ingest: Ingest, admitted: Sequence[Admitted], failures: Sequence[Exception | None]) -> None:
    outcomes = list(zip(admitted, failures, strict=True))
    not_published = [each for each, failure in outcomes if isinstance(failure, NotPublishedError)]
    unknown = [each for each, failure in outcomes if failure and not isinstance(failure, NotPublishedError)]
    await ingest.admission.release(not_published)
    await ingest.admission.leave_unknown(unknown)
    await ingest.admission.confirm([each for each, failure in outcomes if failure is None])


def _outcome(result: Result) -> str:
    if isinstance(result, Refusal):
        return result.problem.code
    return "ACCEPTED" if isinstance(result, Accepted) else "DUPLICATE"


def _answer(results: Sequence[Result], ticket: Ticket) -> Answer:
    outcomes = [_outcome(result) for result in results]
    accepted, duplicates = outcomes.count("ACCEPTED"), outcomes.count("DUPLICATE")
    if not accepted and not duplicates and "UNAVAILABLE" in outcomes:
        return responses.refused(problems.unavailable(), ticket.id)
    refusals = [result for result in results if isinstance(result, Refusal)]
    limited = next((each for each in refusals if each.problem is problems.RATE_LIMITED), None)
    body = {
        "accepted": accepted,
        "duplicates": duplicates,
        "rejected": len(results) - accepted - duplicates,
        "results": [_described(result) for result in results],
    }
    headers = limited.headers if limited else ()
    return Answer(202, json.dumps(body, separators=(",", ":")).encode(), "BATCH", headers)


def _described(result: Result) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"status": "rejected", "error": {"code": result.problem.code, "message": result.message}}
    if isinstance(result, Accepted):
        return {"status": "accepted", "request_id": f"req_{result.request_id}", "duplicate": False}
    return {"status": "accepted", "request_id": f"req_{result.first_id}", "duplicate": True}
