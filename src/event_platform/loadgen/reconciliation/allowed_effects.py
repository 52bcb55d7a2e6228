"""How many rows and dead letters the answers of an event allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from event_platform.loadgen.recording.attempt import Attempt, DeliveryStatus
from event_platform.loadgen.traffic.request_kinds import STORED

_KEY_REUSED: Final = "IDEMPOTENCY_KEY_REUSED"

Bounds = tuple[int, int]
"""Minimum and maximum, both inclusive."""


@dataclass(frozen=True, slots=True)
class AllowedEffects:
    """Bounds on rows and dead letters, and the code that dead letters must have."""

    stored: Bounds
    dead: Bounds
    code: str


def acknowledged_ids(attempts: Sequence[Attempt]) -> set[str | None]:
    """Return the distinct request ids under which an event was acknowledged."""
    return {attempt.request_id for attempt in attempts if attempt.is_acknowledged}


def allowed_effects(attempts: Sequence[Attempt]) -> AllowedEffects:
    """Return what the answers to all attempts of one event allow."""
    acknowledged = len(acknowledged_ids(attempts))
    unanswered = [attempt for attempt in attempts if attempt.delivery_status is DeliveryStatus.UNANSWERED]
    possible = acknowledged + len(unanswered)
    if attempts[0].expected != STORED:
        return AllowedEffects((0, 0), (acknowledged, possible), attempts[0].expected)
    # Of several bodies under one key one is stored; each other one that was acknowledged becomes a dead letter.
    acknowledged_bodies = {attempt.body for attempt in attempts if attempt.is_acknowledged}
    possible_bodies = acknowledged_bodies | {attempt.body for attempt in unanswered}
    max_dead = possible - 1 if len(possible_bodies) > 1 else 0
    return AllowedEffects(
        (min(acknowledged, 1), min(possible, 1)), (max(len(acknowledged_bodies) - 1, 0), max_dead), _KEY_REUSED
    )
