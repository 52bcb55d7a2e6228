"""Admission: rate limit and idempotency of each request in one call of ``admission.lua``."""

from collections.abc import Sequence
from typing import Any

from event_platform.ingest import rate_limits, rejections
from event_platform.ingest.admission_batcher import AdmissionBatcher, DataLostError
from event_platform.ingest.admission_script import (
    CHARGED,
    DUPLICATE,
    IN_PROGRESS,
    LIMITED,
    NEW,
    REUSED,
    TAKEN_OVER,
    Operation,
)
from event_platform.ingest.claims import AdmissionDecision, Admitted, Claim, Duplicate, Tenant
from event_platform.ingest.fallback_limiter import FallbackLimiter, QuotaReservation
from event_platform.ingest.redis_connection import RedisUnavailableError
from event_platform.ingest.redis_outage import OutageAnswer, OutagePolicy, rate_limit_rejection
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request_ids import RequestIdentity


class Admission:
    """Admits requests, and confirms or releases their claims.

    Args:
        batcher: Sends operations to the script.
        fallback: Counts every request here too, for when Redis is unavailable.
        outage: Decides while Redis is unavailable.
    """

    def __init__(self, batcher: AdmissionBatcher, fallback: FallbackLimiter, outage: OutagePolicy) -> None:
        self._batcher = batcher
        self._fallback = fallback
        self._outage = outage

    async def admit(self, claim: Claim) -> Admitted | Duplicate:
        """Charge the tenant and claim the key.

        Raises:
            Rejection: Over the limit, key in progress, key reused, or Redis is unavailable and `REDIS_OUTAGE` is
                ``reject``.
        """
        redis_key = claim.redis_key
        (answer,) = await self._submit(claim.tenant, (_claim_operation(claim, redis_key),))
        decision = await self._decide(claim, redis_key, answer)
        if isinstance(decision, Rejection):
            raise decision
        return decision

    async def admit_all(self, tenant: Tenant, claims: Sequence[Claim | None]) -> list[AdmissionDecision | None]:
        """Admit the items of a batch in one call; None stands for an item that is charged and claims nothing."""
        keys = [claim.redis_key if claim else "" for claim in claims]
        operations = [
            _claim_operation(claim, key) if claim else _charge_operation(tenant)
            for claim, key in zip(claims, keys, strict=True)
        ]
        answers = await self._submit(tenant, operations)
        return [
            await self._decide(claim, key, answer) if claim else _charge_rejection(tenant, answer)
            for claim, key, answer in zip(claims, keys, answers, strict=True)
        ]

    async def charge(self, tenant: Tenant) -> None:
        """Charge a request that is going to be rejected and therefore claims nothing.

        Raises:
            Rejection: Over the limit; this 429 takes precedence over every other rejection.
        """
        (answer,) = await self._submit(tenant, (_charge_operation(tenant),))
        rejection = _charge_rejection(tenant, answer)
        if rejection:
            raise rejection

    async def confirm(self, admitted: Sequence[Admitted]) -> None:
        """Mark events as acknowledged by Kafka; return when the update is sent, without waiting for Redis."""
        await self._update_claims(
            [Operation(each.redis_key, "D" + each.request.id) for each in admitted if each.redis_key]
        )

    async def release(self, admitted: Sequence[Admitted]) -> None:
        """Free the keys of events that were certainly not published."""
        await self._update_claims([Operation(each.redis_key, "R" + each.owner) for each in admitted if each.redis_key])

    async def mark_unknown(self, admitted: Sequence[Admitted]) -> None:
        """Mark events that may have been published: the next request with the key publishes the same id again."""
        await self._update_claims(
            [Operation(each.redis_key, f"U{each.owner}{each.request.id}") for each in admitted if each.redis_key]
        )

    async def _update_claims(self, operations: Sequence[Operation]) -> None:
        if operations:
            await self._batcher.update_claims(operations)

    async def _submit(self, tenant: Tenant, operations: Sequence[Operation]) -> list[Any]:
        """Return the script's answer to each operation, or what takes its place."""
        reservation = self._fallback.reserve(tenant.name, tenant.limit, len(operations))
        submitted = reservation.count
        try:
            answers = await self._batcher.submit(operations[:submitted]) if submitted else []
        except DataLostError:
            answers = await self._submit_again(reservation, operations)
        except RedisUnavailableError as error:
            answers = self._outage.answers(reservation, error, submitted)
        else:
            self._fallback.refund(reservation, sum(map(_is_limited, answers)))
        if over := len(operations) - len(answers):
            answers += [[LIMITED, self._fallback.retry_ms(tenant.name)]] * over
        return answers

    async def _submit_again(self, reservation: QuotaReservation, operations: Sequence[Operation]) -> list[Any]:
        """Submit operations that were not executed because Redis lost its data: only this process knows what fits."""
        submitted = reservation.count
        self._fallback.trim_to_limit(reservation)
        try:
            answers = await self._batcher.submit(operations[: reservation.count]) if reservation.count else []
        except RedisUnavailableError as error:
            return self._outage.answers(reservation, error, submitted)
        self._fallback.refund(reservation, sum(map(_is_limited, answers)))
        return answers

    async def _decide(self, claim: Claim, redis_key: str, answer: Any) -> AdmissionDecision:  # noqa: ANN401 - the script's answers vary
        if not isinstance(answer, OutageAnswer):
            return _decision(claim, redis_key, answer)
        admitted = self._outage.admit(claim, answer)
        rejection = self._outage.rejection(claim.tenant, answer)
        if rejection is None:
            return admitted
        await self.release([admitted])
        return rejection


def _claim_operation(claim: Claim, redis_key: str) -> Operation:
    identity = claim.identity
    argument = f"C{identity.id}{identity.received_at}".encode() + claim.fingerprint
    return Operation(redis_key, argument, claim.tenant.charged)


def _charge_operation(tenant: Tenant) -> Operation:
    return Operation(None, "Q", tenant.charged)


def _charge_rejection(tenant: Tenant, answer: Any) -> Rejection | None:  # noqa: ANN401 - the script's answers vary
    if isinstance(answer, OutageAnswer):
        return rate_limit_rejection(tenant, answer)
    return None if answer == CHARGED else rate_limits.rate_limited(tenant.limit, answer[1])


def _is_limited(answer: Any) -> bool:  # noqa: ANN401 - the script's answers vary
    return isinstance(answer, list) and answer[0] == LIMITED


def _decision(claim: Claim, redis_key: str, answer: Any) -> AdmissionDecision:  # noqa: ANN401 - the script's answers vary
    """Return what the script's ``answer`` means for ``claim``."""
    if answer == NEW:
        return Admitted(claim.identity, claim.identity.id, redis_key)
    if answer == IN_PROGRESS:
        return rejections.in_progress()
    if answer == REUSED:
        return Rejection(rejections.IDEMPOTENCY_KEY_REUSED)
    code, *details = answer
    if code == DUPLICATE:
        return Duplicate(details[0].decode())
    if code == TAKEN_OVER:
        return Admitted(RequestIdentity(details[0].decode(), details[1].decode()), claim.identity.id, redis_key)
    return rate_limits.rate_limited(claim.tenant.limit, details[0])
