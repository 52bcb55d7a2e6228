"""The judge: from what was sent and what was found, a balance sheet. Pure, without any input or output.

Every request has had one of four ends, and each allows other effects:

- acknowledged (202): the event is stored once, or dead-lettered with the expected code, or kept as the duplicate of
  one that is;
- refused (any other status but 503): it had no effect of its own;
- unanswered (503, time-out, cut connection): it may have had one effect, or none;
- undelivered (no connection): it had none.

An event is named by tenant and idempotency key, so all requests of one key are judged together: together they allow
a number of rows and of dead letters, and what was found must lie within it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import chain

from msgspec import Struct

from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet, Difference, Row

STORED = "stored"
REFUSED = "refused"
KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"

Key = tuple[str, str]
"""Tenant and idempotency key, or tenant and request id."""


class End(StrEnum):
    """What a producer knows of one request."""

    NEW = "acknowledged as new"
    DUPLICATE = "acknowledged as duplicate"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNDELIVERED = "undelivered"


class Sent(Struct, frozen=True):
    """One request, or one item of a batch, with its answer.

    Attributes:
        expected: What must become of the event once acknowledged: `STORED`, a dead letter's code, or `REFUSED` where
            it must never be acknowledged.
        status: HTTP status of the answer, or of the item in a batch; None where there was no answer.
        request_id: As answered, ``req_<uuid>``.
        duplicate: As answered.
        undelivered: It is certain that the request never left, because there was no connection.
        body: Differs between requests of one key only where their bodies do.
    """

    tenant: str
    key: str
    expected: str = STORED
    status: int | None = None
    request_id: str | None = None
    duplicate: bool = False
    undelivered: bool = False
    body: str = ""

    @property
    def end(self) -> End:
        """How the request ended."""
        if self.undelivered:
            return End.UNDELIVERED
        if self.status == 202:  # noqa: PLR2004 - Accepted, the contract's one success
            return End.DUPLICATE if self.duplicate else End.NEW
        # Whatever else a gateway may answer with 5xx says as little of the event as no answer.
        says_nothing = self.status is None or self.status >= 500  # noqa: PLR2004 - where the server's errors begin
        return End.UNANSWERED if says_nothing else End.REFUSED


class Fate(Struct, frozen=True):
    """What the platform holds under one key or request id: numbers of rows and dead letters, the row's id, the code."""

    stored: int = 0
    dead: int = 0
    id: str | None = None
    code: str | None = None


class Found(Struct, frozen=True):
    """What the platform holds.

    Attributes:
        keys: By tenant and idempotency key; a key without an entry counts as not found.
        requests: By tenant and request id, for acknowledged requests whose id is not their row's id: a duplicate that
            only the store recognised is found there under the first one's row.
    """

    keys: Mapping[Key, Fate]
    requests: Mapping[Key, Fate] = {}


def reckon(sent: Iterable[Sent], found: Found) -> BalanceSheet:
    """Account for every request in ``sent``.

    Returns:
        The sheet; ``sheet.balanced`` is the verdict, ``sheet.differences`` name what contradicts the answers.
    """
    sheet = BalanceSheet(requests=dict.fromkeys(End, 0))
    for name, requests in _by_key(sent).items():
        for request in requests:
            sheet.requests[request.end] += 1
        _enter(sheet, requests, found.keys.get(name, Fate()))
        sheet.differences += _judge(requests, found)
    return sheet


def _by_key(sent: Iterable[Sent]) -> dict[Key, list[Sent]]:
    groups: dict[Key, list[Sent]] = {}
    for request in sent:
        groups.setdefault((request.tenant, request.key), []).append(request)
    return groups


def _enter(sheet: BalanceSheet, requests: list[Sent], fate: Fate) -> None:
    row = sheet.rows.setdefault(_row_name(requests), Row())
    row.events += 1
    row.stored += fate.stored
    row.dead += fate.dead
    row.neither += not (fate.stored or fate.dead)
    sheet.acknowledged_again += max(0, len(_ids(requests)) - 1)


def _row_name(requests: list[Sent]) -> str:
    ends = {request.end for request in requests}
    if ends & {End.NEW, End.DUPLICATE}:
        return "acknowledged" if requests[0].expected == STORED else "acknowledged, malformed"
    return "unanswered only" if End.UNANSWERED in ends else "refused only"


def _ids(requests: list[Sent]) -> set[str | None]:
    """Distinct ids under which the event was acknowledged."""
    return {request.request_id for request in requests if request.end in {End.NEW, End.DUPLICATE}}


class _Allowed(Struct, frozen=True):
    """Inclusive bounds of what the answers allow."""

    stored: tuple[int, int]
    dead: tuple[int, int]
    code: str


def _allowed(requests: list[Sent]) -> _Allowed:
    acknowledged = len(_ids(requests))
    possible = acknowledged + sum(request.end == End.UNANSWERED for request in requests)
    if requests[0].expected != STORED:
        return _Allowed((0, 0), (acknowledged, possible), requests[0].expected)
    # Of several bodies under one key one is stored, and each other that was acknowledged is a dead letter.
    effective = [request for request in requests if request.end not in {End.REFUSED, End.UNDELIVERED}]
    bodies = {request.body for request in effective}
    known = {request.body for request in effective if request.end != End.UNANSWERED}
    most_dead = possible - 1 if len(bodies) > 1 else 0
    return _Allowed((min(acknowledged, 1), min(possible, 1)), (max(len(known) - 1, 0), most_dead), KEY_REUSED)


def _judge(requests: list[Sent], found: Found) -> list[Difference]:
    first = requests[0]
    fate = found.keys.get((first.tenant, first.key), Fate())
    problems = chain(_wrong_effects(requests, fate), _wrong_answers(requests), _lost_requests(requests, fate, found))
    return [Difference(first.tenant, first.key, problem, _seen(requests, fate)) for problem in problems]


def _wrong_effects(requests: list[Sent], fate: Fate) -> Iterable[str]:
    allowed = _allowed(requests)
    if fate.dead and fate.code != allowed.code:
        yield f"dead-lettered as {fate.code}, expected {requests[0].expected}"
    elif not allowed.dead[0] <= fate.dead <= allowed.dead[1]:
        yield f"dead-lettered {fate.dead} times, expected {_range(allowed.dead)}"
    if not allowed.stored[0] <= fate.stored <= allowed.stored[1]:
        yield f"stored {fate.stored} times, expected {_range(allowed.stored)}"


def _range(bounds: tuple[int, int]) -> str:
    return str(bounds[0]) if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"


def _wrong_answers(requests: list[Sent]) -> Iterable[str]:
    ends = {request.end for request in requests}
    new = {request.request_id for request in requests if request.end == End.NEW}
    repeated = _ids([request for request in requests if request.end == End.DUPLICATE])
    if requests[0].expected == REFUSED and ends & {End.NEW, End.DUPLICATE}:
        yield "acknowledged, expected a refusal"
    # The first one's id is unknown where it may have gone unanswered.
    if repeated - new and End.UNANSWERED not in ends:
        yield "acknowledged as the duplicate of a request that was never acknowledged (was this seed used before?)"


def _lost_requests(requests: list[Sent], fate: Fate, found: Found) -> Iterable[str]:
    if fate.id is None or not fate.stored:
        return
    for request_id in _ids(requests) - {None}:
        name = f"{request_id}"
        other = found.requests.get((requests[0].tenant, name), Fate())
        if name.removeprefix("req_") != fate.id.removeprefix("req_") and not (other.stored or other.dead):
            yield f"acknowledged as {name}, of which nothing is known; stored is {fate.id}"


def _seen(requests: list[Sent], fate: Fate) -> str:
    answers = ", ".join(_answer(request) for request in requests)
    code = f" ({fate.code})" if fate.code else ""
    identity = f" as {fate.id}" if fate.id else ""
    return f"answered {answers}; found stored {fate.stored}{identity}, dead {fate.dead}{code}"


def _answer(request: Sent) -> str:
    if request.status is None:
        return "nothing (never delivered)" if request.undelivered else "nothing"
    return f"{request.status}{' duplicate' * request.duplicate} {request.request_id or ''}".rstrip()
