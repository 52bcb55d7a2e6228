"""Reconciliation reports every loss, copy and wrong answer, and accepts whatever the guarantees allow."""

import pytest

from event_platform.loadgen.reconciliation.platform_state import KeyState, PlatformState
from event_platform.loadgen.reconciliation.reconcile import reconcile
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.recording.attempt import Attempt
from event_platform.loadgen.traffic.request_kinds import REFUSED

VALIDATION = "VALIDATION_FAILED"

STORED_ONCE = KeyState(stored=1, id="1")


def reconcile_key(*attempts: Attempt, state: KeyState | None = None, **requests: KeyState) -> ReconciliationReport:
    """Reconcile attempts that all carry key ``k`` of tenant ``t``."""
    by_request = {("t", name): other for name, other in requests.items()}
    return reconcile(attempts, PlatformState({("t", "k"): state} if state else {}, by_request))


def new(expected: str = "stored", request_id: str = "req_1", body: str = "") -> Attempt:
    """Return an attempt acknowledged as new."""
    return Attempt("t", "k", expected, 202, request_id, body=body)


def duplicate(request_id: str = "req_1") -> Attempt:
    """Return an attempt acknowledged as duplicate."""
    return Attempt("t", "k", status=202, request_id=request_id, duplicate=True)


def refused(status: int = 429) -> Attempt:
    """Return an attempt refused with an error."""
    return Attempt("t", "k", status=status)


UNANSWERED = Attempt("t", "k")

UNDELIVERED = Attempt("t", "k", undelivered=True)

ALLOWED = {
    "stored once": ([new()], STORED_ONCE),
    "duplicate of a stored event": ([new(), duplicate(), duplicate()], STORED_ONCE),
    "dead-lettered with its code": ([new(VALIDATION)], KeyState(dead=1, code=VALIDATION)),
    "refused, no effect": ([refused()], None),
    "refused, then retried": ([refused(), new()], STORED_ONCE),
    "503, no effect": ([refused(503)], None),
    "503, stored after all": ([refused(503)], STORED_ONCE),
    "connection lost, then acknowledged as duplicate": ([UNANSWERED, duplicate()], STORED_ONCE),
    "malformed, its first attempt unanswered": (
        [Attempt("t", "k", VALIDATION), new(VALIDATION)],
        KeyState(dead=2, code=VALIDATION),
    ),
    "undelivered": ([UNDELIVERED], None),
    "other body refused": ([new(), refused(422)], STORED_ONCE),
    "other body dead-lettered": (
        [new(body="a"), new(body="b", request_id="req_2")],
        KeyState(stored=1, dead=1, code="IDEMPOTENCY_KEY_REUSED"),
    ),
}

CONTRADICTIONS = {
    "lost": ([new()], None, "stored 0 times, expected 1"),
    "stored twice": ([new(), duplicate()], KeyState(stored=2), "stored 2 times, expected 1"),
    "stored under both ids": (
        [new(), new(request_id="req_2")],
        KeyState(stored=2, id="1"),
        "stored 2 times, expected 1",
    ),
    "stored by both attempts": ([refused(503), new()], KeyState(stored=2, id="1"), "stored 2 times, expected 1"),
    "malformed lost": ([new(VALIDATION)], None, "dead-lettered 0 times, expected 1"),
    "malformed stored": ([new(VALIDATION)], KeyState(stored=1, dead=1, code=VALIDATION), "stored 1 times, expected 0"),
    "malformed twice": ([new(VALIDATION)], KeyState(dead=2, code=VALIDATION), "dead-lettered 2 times, expected 1"),
    "dead-lettered with another code": (
        [new(VALIDATION)],
        KeyState(dead=1, code="UNSTORABLE"),
        "dead-lettered as UNSTORABLE, expected " + VALIDATION,
    ),
    "valid event dead-lettered": (
        [new()],
        KeyState(dead=1, code=VALIDATION),
        "dead-lettered as VALIDATION_FAILED, expected stored",
    ),
    "refused but stored": ([refused()], STORED_ONCE, "stored 1 times, expected 0"),
    "undelivered but stored": ([UNDELIVERED], STORED_ONCE, "stored 1 times, expected 0"),
    "unanswered, stored twice": ([UNANSWERED], KeyState(stored=2), "stored 2 times, expected 0 to 1"),
    "duplicate of nothing": (
        [refused(), duplicate()],
        STORED_ONCE,
        "duplicate of a request that was never acknowledged",
    ),
    "duplicate of another request": ([new(), duplicate("req_2")], STORED_ONCE, "duplicate of a request"),
    "second id unknown": ([new(), new(request_id="req_2")], STORED_ONCE, "req_2, of which nothing is known"),
    "broken JSON accepted": ([new(REFUSED)], KeyState(), "acknowledged, expected a refusal"),
    "dead-lettered although there is one body": (
        [new()],
        KeyState(stored=1, dead=1, code="IDEMPOTENCY_KEY_REUSED"),
        "dead-lettered 1 times, expected 0",
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_the_answers_allow_is_no_difference(case: str) -> None:
    """Nothing that the guarantees allow is reported."""
    attempts, state = ALLOWED[case]
    assert reconcile_key(*attempts, state=state).differences == []


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_reported(case: str) -> None:
    """Each one is reported with tenant, key and what was expected."""
    attempts, state, problem = CONTRADICTIONS[case]
    report = reconcile_key(*attempts, state=state)
    assert not report.reconciled
    assert any(problem in difference.problem for difference in report.differences)
    assert {(difference.tenant, difference.key) for difference in report.differences} == {("t", "k")}


def test_a_duplicate_that_only_the_processor_recognised_is_reconciled() -> None:
    """Acknowledged twice as new while Redis was unavailable: one row, and the other id is found as its duplicate."""
    report = reconcile_key(new(), new(request_id="req_2"), state=STORED_ONCE, req_2=STORED_ONCE)
    assert report.reconciled
    assert report.acknowledged_again == 1


def test_the_report_adds_up() -> None:
    """Requests add up to what was sent, and groups to the events."""
    attempts = [Attempt("t", str(number), status=(202, 429, 503)[number % 3]) for number in range(9)]
    states = {("t", str(number)): STORED_ONCE for number in range(0, 9, 3)}
    report = reconcile(attempts, PlatformState(states))
    assert sum(report.requests.values()) == 9
    assert (report.total.events, report.total.stored, report.total.neither) == (9, 3, 6)
    assert report.groups["refused only"].events == report.groups["unanswered only"].events == 3


def test_the_same_key_of_two_tenants_is_two_events() -> None:
    """The tenant is part of what identifies an event."""
    report = reconcile(
        [new(), Attempt("u", "k", status=202, request_id="req_2")], PlatformState({("t", "k"): STORED_ONCE})
    )
    assert [difference.tenant for difference in report.differences] == ["u"]
