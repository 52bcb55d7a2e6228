"""Compares the answers that producers got with what the platform holds. Pure, without input or output.

The delivery status of each request allows certain effects:

- acknowledged (202): the event is stored once, or dead-lettered with the expected code, or is the duplicate of one
  that is;
- refused (any status below 500 but 202): it had no effect;
- unanswered (5xx, time-out, lost connection): it had one effect or none;
- undelivered (no connection): it had no effect.

Tenant and idempotency key identify an event, so all requests of one key are compared together: together they allow a
range of rows and of dead letters, and what was found must lie within it.
"""

from collections.abc import Iterable

from event_platform.loadgen.reconciliation.allowed_effects import acknowledged_ids
from event_platform.loadgen.reconciliation.contradictions import find_contradictions
from event_platform.loadgen.reconciliation.platform_state import KeyState, PlatformState
from event_platform.loadgen.reconciliation.reconciliation_report import EventCounts, ReconciliationReport
from event_platform.loadgen.recording.attempt import Attempt, DeliveryStatus, EventKey
from event_platform.loadgen.traffic.request_kinds import STORED


def reconcile(attempts: Iterable[Attempt], platform: PlatformState) -> ReconciliationReport:
    """Account for every attempt.

    Returns:
        The report; ``reconciled`` is its verdict, ``differences`` lists what contradicts the answers.
    """
    report = ReconciliationReport(requests=dict.fromkeys(DeliveryStatus, 0))
    for key, group in _by_event(attempts).items():
        for attempt in group:
            report.requests[attempt.delivery_status] += 1
        _count(report, group, platform.of_key(key))
        report.differences += find_contradictions(group, platform)
    return report


def _by_event(attempts: Iterable[Attempt]) -> dict[EventKey, list[Attempt]]:
    groups: dict[EventKey, list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault(attempt.event_key, []).append(attempt)
    return groups


def _count(report: ReconciliationReport, attempts: list[Attempt], state: KeyState) -> None:
    counts = report.groups.setdefault(_group_name(attempts), EventCounts())
    counts.events += 1
    counts.stored += state.stored
    counts.dead += state.dead
    counts.neither += not (state.stored or state.dead)
    report.acknowledged_again += max(0, len(acknowledged_ids(attempts)) - 1)


def _group_name(attempts: list[Attempt]) -> str:
    if any(attempt.is_acknowledged for attempt in attempts):
        return "acknowledged" if attempts[0].expected == STORED else "acknowledged, malformed"
    is_unanswered = any(attempt.delivery_status is DeliveryStatus.UNANSWERED for attempt in attempts)
    return "unanswered only" if is_unanswered else "refused only"
