"""Reconciliation with an admin API that is temporarily or permanently unavailable."""

import itertools
import json
from pathlib import Path

import msgspec
import pytest
from tests.loadgen.stub_server import Received, Reply, StubServer, refusal

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.recording.attempt import Attempt

UNAVAILABLE = refusal(503, "UNAVAILABLE", Retry_After="1")

_times = itertools.count()


def answer_as_drained(request: Received) -> Reply:
    """Answer like a platform that has stored whatever is asked for and has no lag."""
    if request.path == "/admin/kafka/lag":
        partition = {"partition": 0, "committed": 1, "end": 1}
        return Reply(200, {"as_of": str(next(_times)), "partitions": [partition], "total": 0})
    keys = json.loads(request.body).get("idempotency_keys", [])
    found = {"stored_count": 1, "dead_count": 0, "id": "1"}
    return Reply(200, {"results": [{**found, "idempotency_key": key} for key in keys]})


def verify_one(stub: StubServer, folder: Path, timeout_seconds: float) -> ReconciliationReport:
    """Verify one acknowledged request against the server."""
    sent = Attempt("tenant_a", "k", status=202, request_id="req_1")
    (folder / "attempts").write_bytes(msgspec.json.encode(sent) + b"\n")
    with AdminApi(stub.url) as api:
        return verify(api, [folder / "attempts"], timeout_seconds, lambda _message: None)


def test_an_unavailable_api_is_retried(stub: StubServer, tmp_path: Path) -> None:
    """One 503 does not abort a verification that is nearly complete."""
    refused: list[Received] = []

    def refuse_first(request: Received) -> Reply:
        if request.path == "/admin/events/lookup" and not refused:
            refused.append(request)
            return UNAVAILABLE
        return answer_as_drained(request)

    stub.answer = refuse_first
    report = verify_one(stub, tmp_path, 60)
    assert refused
    assert report.reconciled, str(report)
    assert report.groups["acknowledged"].stored == 1


def test_an_api_that_stays_unavailable_is_an_error(stub: StubServer, tmp_path: Path) -> None:
    """It is retried until the time-out, and the error has its last answer."""
    stub.answer = lambda request: UNAVAILABLE if request.path == "/admin/events/lookup" else answer_as_drained(request)
    with pytest.raises(UnavailableError, match="/admin/events/lookup: 503"):
        verify_one(stub, tmp_path, 2)
    asked = sum(request.path == "/admin/events/lookup" for request in stub.received)
    assert asked > 1
