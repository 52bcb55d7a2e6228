"""``--verify``: waits for the pipeline, asks the platform about every event sent, and reconciles."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.drain import OnWaiting, wait_until_drained
from event_platform.loadgen.reconciliation.platform_state import KeyState, PlatformState, RequestKey
from event_platform.loadgen.reconciliation.reconcile import reconcile
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.recording import attempt_log
from event_platform.loadgen.recording.attempt import Attempt, DeliveryStatus, EventKey

_RETRY_SECONDS: Final = 0.5
_LATE_EFFECT_SECONDS: Final = 6.0
"""Ingest tries to publish for up to 5 s, so an event may reach Kafka after its request timed out."""


def verify(
    api: AdminApi, attempt_logs: Iterable[Path], timeout_seconds: float, on_waiting: OnWaiting
) -> ReconciliationReport:
    """Wait until the pipeline has drained, then reconcile every attempt in ``attempt_logs`` with what was stored.

    Raises:
        UnavailableError: The admin API was unavailable until the end.
        PlatformError: It refuses to answer.
    """
    deadline = time.monotonic() + timeout_seconds
    attempts = list(attempt_log.read(attempt_logs))
    if any(attempt.delivery_status is DeliveryStatus.UNANSWERED for attempt in attempts):
        on_waiting(f"some requests were not answered: waiting {_LATE_EFFECT_SECONDS:.0f} s for late effects")
        time.sleep(_LATE_EFFECT_SECONDS)
    drained = wait_until_drained(api, timeout_seconds, on_waiting)
    report = reconcile(attempts, _fetch_until(deadline, api, attempts, on_waiting))
    if not drained:
        report.warnings.append(
            f"The pipeline had not drained within {timeout_seconds:.0f} s: events may still be in flight."
        )
    return report


def _fetch_until(deadline: float, api: AdminApi, attempts: Sequence[Attempt], on_waiting: OnWaiting) -> PlatformState:
    """Fetch the platform's state, retrying until ``deadline`` while the API is unavailable."""
    while True:
        try:
            return fetch_platform_state(api, attempts)
        except UnavailableError as error:
            if time.monotonic() > deadline:
                raise
            on_waiting(f"waiting for the admin API: {error}")
            time.sleep(_RETRY_SECONDS)


def fetch_platform_state(api: AdminApi, attempts: Sequence[Attempt]) -> PlatformState:
    """Ask the admin API about the events of ``attempts``; raises as `verify` does."""
    by_key = api.lookup_keys(sorted({attempt.event_key for attempt in attempts}))
    return PlatformState(by_key, api.lookup_request_ids(sorted(_requests_without_own_row(attempts, by_key))))


def _requests_without_own_row(attempts: Iterable[Attempt], by_key: Mapping[EventKey, KeyState]) -> set[RequestKey]:
    """Return acknowledged requests whose event is stored under the id of another request."""
    return {
        (attempt.tenant, attempt.request_id)
        for attempt in attempts
        if attempt.request_id
        and attempt.is_acknowledged
        and (row_id := by_key[attempt.event_key].id)
        and row_id != attempt.request_id.removeprefix("req_")
    }
