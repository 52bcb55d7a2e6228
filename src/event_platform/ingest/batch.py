"""Many events in one request: one Redis call, one wait for all acknowledgements, one result per item."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec

from event_platform.ingest import problems, responses
from event_platform.ingest.accept import Ingest, authenticate, charge_and_refuse, record
from event_platform.ingest.admission import Admitted, Claim, Duplicate, Tenant, Verdict
from event_platform.ingest.batch_envelope import MAX_BATCH_BYTES, read_items
from event_platform.ingest.problems import Refusal
from event_platform.ingest.publication import NotPublishedError
from event_platform.ingest.request import Event, Request, read_json_body
from event_platform.ingest.request_ids import Ticket, Tickets
from event_platform.ingest.responses import Answer, HeaderList

Item = Event | Refusal


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """Kafka has acknowledged the item under this id."""

    request_id: str


Result = Accepted | Duplicate | Refusal


async def accept_batch(ingest: Ingest, tickets: Tickets, request: Request) -> Answer:
    """Answer ``POST /events/batch``; raises what `accept.accept` raises, for the batch as a whole."""
    tenant = authenticate(ingest, request)
    try:
        body = await read_json_body(request, MAX_BATCH_BYTES, ingest.budget)
        hold = ingest.budget.hold_body(len(body))
    except Refusal as refusal:
        await charge_and_refuse(ingest, tenant, refusal)
    with hold:
        items = await _read_items(ingest, tenant, body)
        results = await _accept_items(ingest, tenant, items, tickets.draw_many(len(items)), request.traceparent)
    outcomes = Counter(map(_outcome, results))
    ingest.tally.items(outcomes)
    if outcomes[problems.RATE_LIMITED.code]:
        ingest.exhausted.mark(tenant.name)
    return _answer(results, outcomes, request.ticket)


async def _read_items(ingest: Ingest, tenant: Tenant, body: bytes) -> Sequence[Item]:
    try:
        reader = partial(read_items, max_event_bytes=ingest.max_event_bytes)
        return await ingest.slow_lane.read(tenant.name, body, reader)
    except Refusal as refusal:
        await charge_and_refuse(ingest, tenant, refusal)


async def _accept_items(
    ingest: Ingest, tenant: Tenant, items: Sequence[Item], tickets: Sequence[Ticket], traceparent: bytes | None
) -> list[Result]:
    firsts = _firsts(items)
    claims = [
        Claim(tenant, item.idempotency_key, ticket, item.fingerprint)
        if isinstance(item, Event) and firsts[item.idempotency_key] == at
        else None
        for at, (item, ticket) in enumerate(zip(items, tickets, strict=True))
    ]
    verdicts = await ingest.admission.admit_all(tenant, claims)
    published = await _publish(ingest, tenant, items, verdicts, traceparent)
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
    ingest: Ingest,
    tenant: Tenant,
    items: Sequence[Item],
    verdicts: Sequence[Verdict | None],
    traceparent: bytes | None,
) -> dict[int, Result]:
    """Publish the admitted items and settle their claims; each one's result by its place."""
    admitted = {at: verdict for at, verdict in enumerate(verdicts) if isinstance(verdict, Admitted)}
    events = ((verdict, items[at]) for at, verdict in admitted.items())
    records = [record(tenant, verdict, event, traceparent) for verdict, event in events if isinstance(event, Event)]
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


def _answer(results: Sequence[Result], outcomes: Counter[str], ticket: Ticket) -> Answer:
    accepted, duplicates = outcomes["ACCEPTED"], outcomes["DUPLICATE"]
    if not accepted and not duplicates and outcomes["UNAVAILABLE"]:
        return responses.refused(problems.unavailable(), ticket.id)
    counts = (accepted, duplicates, len(results) - accepted - duplicates)
    return responses.batch(counts, [_described(result) for result in results], _limit_headers(results, outcomes))


def _limit_headers(results: Sequence[Result], outcomes: Counter[str]) -> HeaderList:
    """What a 429 would have said, where the limit refused an item."""
    if not outcomes[problems.RATE_LIMITED.code]:
        return ()
    refusals = (result for result in results if isinstance(result, Refusal))
    return next(refusal.headers for refusal in refusals if refusal.problem is problems.RATE_LIMITED)


def _described(result: Result) -> bytes:
    if isinstance(result, Accepted):
        return responses.accepted_body(result.request_id)
    if isinstance(result, Duplicate):
        return responses.duplicate_body(result.first_id)
    return responses.rejected_body(result.problem.code, result.message)
