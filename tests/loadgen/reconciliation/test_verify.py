"""Asking what became of events, of an admin API that does not always answer."""

import itertools
import json
from pathlib import Path

import msgspec
import pytest
from tests.loadgen.conftest import Received, Reply, Stub, refusal

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.reconcile import Sent
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet
from event_platform.loadgen.reconciliation.verify import verify

AWAY = refusal(503, "UNAVAILABLE", Retry_After="1")
_moments = itertools.count()


def answer(request: Received) -> Reply:
    """Of a platform that has stored what is asked for, and has nothing more to do."""
    if request.path == "/admin/kafka/lag":
        partition = {"partition": 0, "committed": 1, "end": 1}
        return Reply(200, {"as_of": str(next(_moments)), "partitions": [partition], "total": 0})
    keys = json.loads(request.body).get("idempotency_keys", [])
    found = {"stored_count": 1, "dead_count": 0, "id": "1"}
    return Reply(200, {"results": [{**found, "idempotency_key": key} for key in keys]})


def sheet_of(stub: Stub, folder: Path, timeout_seconds: float) -> BalanceSheet:
    """What one acknowledged request comes to."""
    sent = Sent("tenant_a", "k", status=202, request_id="req_1")
    (folder / "ledger").write_bytes(msgspec.json.encode(sent) + b"\n")
    with AdminApi(stub.url) as api:
        return verify(api, [folder / "ledger"], timeout_seconds, lambda _sentence: None)


def test_a_busy_api_is_asked_again(stub: Stub, tmp_path: Path) -> None:
    """An account that was nearly done is not given up for one 503."""
    refused: list[Received] = []

    def refuse_first(request: Received) -> Reply:
        if request.path == "/admin/events/lookup" and not refused:
            refused.append(request)
            return AWAY
        return answer(request)

    stub.answer = refuse_first
    sheet = sheet_of(stub, tmp_path, 60)
    assert refused
    assert sheet.balanced, str(sheet)
    assert sheet.rows["acknowledged"].stored == 1


def test_an_api_that_stays_away_is_given_up(stub: Stub, tmp_path: Path) -> None:
    """Not before the time that it was given, and with what it said."""
    stub.answer = lambda request: AWAY if request.path == "/admin/events/lookup" else answer(request)
    with pytest.raises(UnavailableError, match="/admin/events/lookup: 503"):
        sheet_of(stub, tmp_path, 2)
    asked = sum(request.path == "/admin/events/lookup" for request in stub.received)
    assert asked > 1
