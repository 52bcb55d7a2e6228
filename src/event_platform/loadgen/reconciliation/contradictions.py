"""Where the platform's state contradicts the answers to the attempts of one event."""

from collections.abc import Iterator, Sequence
from itertools import chain

from event_platform.loadgen.reconciliation.allowed_effects import Bounds, acknowledged_ids, allowed_effects
from event_platform.loadgen.reconciliation.platform_state import KeyState, PlatformState
from event_platform.loadgen.reconciliation.reconciliation_report import Difference
from event_platform.loadgen.recording.attempt import Attempt, DeliveryStatus
from event_platform.loadgen.traffic.request_kinds import REFUSED


def find_contradictions(attempts: Sequence[Attempt], platform: PlatformState) -> list[Difference]:
    """Return one difference per contradiction between the attempts of one event and the platform's state."""
    first = attempts[0]
    state = platform.of_key(first.event_key)
    problems = chain(
        _wrong_counts(attempts, state), _wrong_answers(attempts), _unknown_request_ids(attempts, state, platform)
    )
    return [Difference(first.tenant, first.key, problem, _evidence(attempts, state)) for problem in problems]


def _wrong_counts(attempts: Sequence[Attempt], state: KeyState) -> Iterator[str]:
    allowed = allowed_effects(attempts)
    if state.dead and state.code != allowed.code:
        yield f"dead-lettered as {state.code}, expected {attempts[0].expected}"
    elif not allowed.dead[0] <= state.dead <= allowed.dead[1]:
        yield f"dead-lettered {state.dead} times, expected {_range(allowed.dead)}"
    if not allowed.stored[0] <= state.stored <= allowed.stored[1]:
        yield f"stored {state.stored} times, expected {_range(allowed.stored)}"


def _range(bounds: Bounds) -> str:
    return str(bounds[0]) if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"


def _wrong_answers(attempts: Sequence[Attempt]) -> Iterator[str]:
    by_status = {
        status: {attempt.request_id for attempt in attempts if attempt.delivery_status is status}
        for status in DeliveryStatus
    }
    if attempts[0].expected == REFUSED and any(attempt.is_acknowledged for attempt in attempts):
        yield "acknowledged, expected a refusal"
    # An unanswered request may have been the first one, and its id is unknown.
    unknown_originals = by_status[DeliveryStatus.DUPLICATE] - by_status[DeliveryStatus.NEW]
    if unknown_originals and not by_status[DeliveryStatus.UNANSWERED]:
        yield "acknowledged as the duplicate of a request that was never acknowledged (was this seed used before?)"


def _unknown_request_ids(attempts: Sequence[Attempt], state: KeyState, platform: PlatformState) -> Iterator[str]:
    if state.id is None or not state.stored:
        return
    for request_id in acknowledged_ids(attempts):
        if request_id is None or request_id.removeprefix("req_") == state.id.removeprefix("req_"):
            continue
        if not platform.holds_request((attempts[0].tenant, request_id)):
            yield f"acknowledged as {request_id}, of which nothing is known; stored is {state.id}"


def _evidence(attempts: Sequence[Attempt], state: KeyState) -> str:
    answers = ", ".join(_answer(attempt) for attempt in attempts)
    code = f" ({state.code})" if state.code else ""
    identity = f" as {state.id}" if state.id else ""
    return f"answered {answers}; found stored {state.stored}{identity}, dead {state.dead}{code}"


def _answer(attempt: Attempt) -> str:
    if attempt.status is None:
        return "nothing (never delivered)" if attempt.undelivered else "nothing"
    return f"{attempt.status}{' duplicate' * attempt.duplicate} {attempt.request_id or ''}".rstrip()
