"""``--verify``: asks the platform what became of every event sent, and draws up the balance sheet."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation import drain
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.drain import OnWaiting
from event_platform.loadgen.reconciliation.reconcile import End, Fate, Found, Key, Sent, reckon
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet
from event_platform.loadgen.recording import attempt_log

_PAUSE_SECONDS = 0.5
_LATE_EFFECT_SECONDS = 6.0
"""After an unanswered request its event may still be on its way to Kafka: ingest tries for 5 s."""


def verify(api: AdminApi, ledgers: Iterable[Path], timeout_seconds: float, on_waiting: OnWaiting) -> BalanceSheet:
    """Wait until the pipeline has drained, then account for every request in ``ledgers``.

    Raises:
        UnavailableError: The admin API could not be asked until the end.
        PlatformError: It refuses to answer.
    """
    deadline = time.monotonic() + timeout_seconds
    sent = list(attempt_log.read(ledgers))
    if any(request.end is End.UNANSWERED for request in sent):
        on_waiting(f"some requests were not answered: waiting {_LATE_EFFECT_SECONDS:.0f} s for late effects")
        time.sleep(_LATE_EFFECT_SECONDS)
    drained = drain.wait(api, timeout_seconds, on_waiting)
    sheet = reckon(sent, _find_in_time(api, sent, deadline, on_waiting))
    if not drained:
        sheet.remarks.append(
            f"The pipeline had not drained within {timeout_seconds:.0f} s: events may still be on their way."
        )
    return sheet


def _find_in_time(api: AdminApi, sent: Sequence[Sent], deadline: float, on_waiting: OnWaiting) -> Found:
    """What `find` finds, asked again where the API is busy; raises as `verify` does."""
    while True:
        try:
            return find(api, sent)
        except UnavailableError as error:
            if time.monotonic() > deadline:
                raise
            on_waiting(f"waiting for the admin API: {error}")
            time.sleep(_PAUSE_SECONDS)


def find(api: AdminApi, sent: Sequence[Sent]) -> Found:
    """What the platform holds of these requests' events; raises as `verify` does."""
    keys = api.fates_of_keys(sorted({(request.tenant, request.key) for request in sent}))
    return Found(keys, api.fates_of_requests(sorted(_not_under_their_own_id(sent, keys))))


def _not_under_their_own_id(sent: Iterable[Sent], keys: dict[Key, Fate]) -> set[Key]:
    """Acknowledged requests under whose id no row lies, although one lies under their key."""
    return {
        (request.tenant, request.request_id)
        for request in sent
        if request.request_id
        and request.end in {End.NEW, End.DUPLICATE}
        and (stored_id := keys[request.tenant, request.key].id)
        and stored_id != request.request_id.removeprefix("req_")
    }
