"""Rate limit and idempotency of each request, as ``admission.lua`` decides them, and what goes while Redis is away."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from event_platform.ingest import limits, problems
from event_platform.ingest.fallback_limiter import FallbackLimiter, Held
from event_platform.ingest.problems import Refusal
from event_platform.ingest.redis_connection import RedisAwayError
from event_platform.ingest.request_ids import Ticket
from event_platform.ingest.script_calls import DataLostError, Operation, ScriptCalls
from event_platform.ingest.tally import Tally

CHARGED: Final = 0
NEW: Final = 1
IN_PROGRESS: Final = 2
REUSED: Final = 3
DUPLICATE: Final = 4
TAKEN_OVER: Final = 5
LIMITED: Final = 6


class Tenant(msgspec.Struct, frozen=True, gc=False):
    """Who sends, and how many requests a minute they may."""

    name: str
    limit: int

    @property
    def charged(self) -> tuple[str, int]:
        """Both, as an `Operation` that costs quota names them."""
        return self.name, self.limit


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A request's claim on an idempotency key.

    Attributes:
        tenant: Whose key.
        idempotency_key: Which.
        ticket: Id and moment of this request.
        fingerprint: 32 bytes that say which event the key names.
    """

    tenant: Tenant
    idempotency_key: str
    ticket: Ticket
    fingerprint: bytes

    @property
    def record_key(self) -> str:
        """The name of the key's record; the braces are read by nobody, and part tenant and key."""
        return f"idem:{{{self.tenant.name}}}:{hashlib.sha256(self.idempotency_key.encode()).hexdigest()}"


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """The event is to be published under this identity, which is the first request's where one left it unfinished.

    Attributes:
        request: Id and moment that the event is published with.
        owner: Id of the request that holds the lease.
        record_key: The record to settle; None where Redis was away and there is none.
    """

    request: Ticket
    owner: str
    record_key: str | None


class Duplicate(msgspec.Struct, frozen=True, gc=False):
    """The event was acknowledged before, under ``first_id``."""

    first_id: str


Verdict = Admitted | Duplicate | Refusal


class _WithoutRedis(msgspec.Struct, frozen=True, gc=False):
    """Stands for an answer that Redis did not give.

    Attributes:
        sent: Whether it may have done what it was asked for.
        retry_ms: None if the request fits the limit all the same, else after how many milliseconds a retry does.
    """

    sent: bool
    retry_ms: int | None


class Admission:
    """Admits requests, and settles their claims.

    Args:
        calls: The way to the script.
        fallback: Limits while Redis is away, and counts what is asked of it.
        outage: Whether events are accepted while Redis is away.
        tally: Counts requests that went without Redis.
    """

    def __init__(
        self, calls: ScriptCalls, fallback: FallbackLimiter, outage: Literal["accept", "reject"], tally: Tally
    ) -> None:
        self._calls = calls
        self._fallback = fallback
        self._outage = outage
        self._tally = tally

    async def admit(self, claim: Claim) -> Admitted | Duplicate:
        """Charge and claim.

        Raises:
            Refusal: Over the limit, key in progress, key reused, or Redis is away and `REDIS_OUTAGE` is ``reject``.
        """
        record_key = claim.record_key
        (answer,) = await self._ask(claim.tenant, (_claiming(claim, record_key),))
        verdict = await self._verdict(claim, record_key, answer)
        if isinstance(verdict, Refusal):
            raise verdict
        return verdict

    async def admit_all(self, tenant: Tenant, claims: Sequence[Claim | None]) -> list[Verdict | None]:
        """The same for the items of a batch in one call; None stands for an item that is only charged."""
        keys = [claim.record_key if claim else "" for claim in claims]
        operations = [
            _claiming(claim, key) if claim else _charging(tenant) for claim, key in zip(claims, keys, strict=True)
        ]
        answers = await self._ask(tenant, operations)
        return [
            await self._verdict(claim, key, answer) if claim else _charged(tenant, answer)
            for claim, key, answer in zip(claims, keys, answers, strict=True)
        ]

    async def charge(self, tenant: Tenant) -> None:
        """Charge a request that claims nothing, because it is going to be refused.

        Raises:
            Refusal: Over the limit, which goes before every other refusal.
        """
        (answer,) = await self._ask(tenant, (_charging(tenant),))
        refusal = _charged(tenant, answer)
        if refusal:
            raise refusal

    async def confirm(self, admitted: Sequence[Admitted]) -> None:
        """Kafka has acknowledged; returns when Redis was told, without waiting for its answer."""
        await self._settle([Operation(each.record_key, "D" + each.request.id) for each in admitted if each.record_key])

    async def release(self, admitted: Sequence[Admitted]) -> None:
        """These were certainly not published: their keys are free again."""
        await self._settle([Operation(each.record_key, "R" + each.owner) for each in admitted if each.record_key])

    async def leave_unknown(self, admitted: Sequence[Admitted]) -> None:
        """These may have been published: the next request with the key publishes them again, under the same id."""
        await self._settle(
            [Operation(each.record_key, f"U{each.owner}{each.request.id}") for each in admitted if each.record_key]
        )

    async def _settle(self, operations: Sequence[Operation]) -> None:
        if operations:
            await self._calls.settle(operations)

    async def _ask(self, tenant: Tenant, operations: Sequence[Operation]) -> list[Any]:
        """The script's answer to each, or what stands for it."""
        held = self._fallback.hold(tenant.name, tenant.limit, len(operations))
        asked = held.count
        try:
            answers = await self._calls.ask(operations[:asked]) if asked else []
        except DataLostError:
            answers = await self._ask_again(held, operations)
        except RedisAwayError as away:
            answers = self._stand_ins(held, away, asked)
        else:
            self._fallback.give_back(held, sum(map(_is_limited, answers)))
        if over := len(operations) - len(answers):
            answers += [[LIMITED, self._fallback.retry_ms(tenant.name)]] * over
        return answers

    async def _ask_again(self, held: Held, operations: Sequence[Operation]) -> list[Any]:
        """The same where nothing was done, and what fits is now known here only."""
        asked = held.count
        self._fallback.fit(held)
        try:
            answers = await self._calls.ask(operations[: held.count]) if held.count else []
        except RedisAwayError as away:
            return self._stand_ins(held, away, asked)
        self._fallback.give_back(held, sum(map(_is_limited, answers)))
        return answers

    def _stand_ins(self, held: Held, away: RedisAwayError, asked: int) -> list[Any]:
        """Whether it fits the limit, for each of those that were asked for."""
        self._fallback.distrust()
        self._fallback.fit(held)
        found = [_WithoutRedis(away.sent, None)] * held.count
        if over := asked - held.count:
            found += [_WithoutRedis(away.sent, self._fallback.retry_ms(held.tenant))] * over
        return found

    async def _verdict(self, claim: Claim, record_key: str, answer: Any) -> Verdict:  # noqa: ANN401 - the script's answers vary
        if isinstance(answer, _WithoutRedis):
            return await self._without_redis(claim, answer)
        return _verdict(claim, record_key, answer)

    async def _without_redis(self, claim: Claim, answer: _WithoutRedis) -> Verdict:
        self._tally.without_redis()
        # The claim may have been made although its answer was lost, so it is settled like any other.
        admitted = Admitted(claim.ticket, claim.ticket.id, claim.record_key if answer.sent else None)
        limited = None if answer.retry_ms is None else limits.rate_limited(claim.tenant.limit, answer.retry_ms)
        if limited is None and self._outage == "accept":
            return admitted
        await self.release([admitted])
        return limited or problems.unavailable("duplicates cannot be recognised for now; try again with the same key")


def _claiming(claim: Claim, record_key: str) -> Operation:
    ticket = claim.ticket
    argument = f"C{ticket.id}{ticket.received_at}".encode() + claim.fingerprint
    return Operation(record_key, argument, claim.tenant.charged)


def _charging(tenant: Tenant) -> Operation:
    return Operation(None, "Q", tenant.charged)


def _charged(tenant: Tenant, answer: Any) -> Refusal | None:  # noqa: ANN401 - the script's answers vary
    if isinstance(answer, _WithoutRedis):
        return None if answer.retry_ms is None else limits.rate_limited(tenant.limit, answer.retry_ms)
    return None if answer == CHARGED else limits.rate_limited(tenant.limit, answer[1])


def _is_limited(answer: Any) -> bool:  # noqa: ANN401 - the script's answers vary
    return isinstance(answer, list) and answer[0] == LIMITED


def _verdict(claim: Claim, record_key: str, answer: Any) -> Verdict:  # noqa: ANN401 - the script's answers vary
    """What ``answer`` of the script means for ``claim``."""
    if answer == NEW:
        return Admitted(claim.ticket, claim.ticket.id, record_key)
    if answer == IN_PROGRESS:
        return problems.in_progress()
    if answer == REUSED:
        return Refusal(problems.IDEMPOTENCY_KEY_REUSED)
    kind, *details = answer
    if kind == DUPLICATE:
        return Duplicate(details[0].decode())
    if kind == TAKEN_OVER:
        return Admitted(Ticket(details[0].decode(), details[1].decode()), claim.ticket.id, record_key)
    return limits.rate_limited(claim.tenant.limit, details[0])
