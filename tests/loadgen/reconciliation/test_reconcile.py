"""The judge tells every loss, copy and lie apart, and lets pass what the promises allow."""

import pytest

from event_platform.loadgen.reconciliation.reconcile import REFUSED, Fate, Found, Sent, reckon
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet

BAD = "VALIDATION_FAILED"
STORED_ONCE = Fate(stored=1, id="1")


def sheet_of(*sent: Sent, fate: Fate | None = None, **requests: Fate) -> BalanceSheet:
    """The sheet of requests that all carry key ``k`` of tenant ``t``."""
    found = Found({("t", "k"): fate} if fate else {}, {("t", name): other for name, other in requests.items()})
    return reckon(sent, found)


def new(expected: str = "stored", request_id: str = "req_1", body: str = "") -> Sent:
    """Acknowledged as new."""
    return Sent("t", "k", expected, 202, request_id, body=body)


def repeat(request_id: str = "req_1") -> Sent:
    """Acknowledged as duplicate."""
    return Sent("t", "k", status=202, request_id=request_id, duplicate=True)


def refused(status: int = 429) -> Sent:
    """Refused with an error."""
    return Sent("t", "k", status=status)


LOST = Sent("t", "k")
NEVER_LEFT = Sent("t", "k", undelivered=True)

ALLOWED = {
    "stored once": ([new()], STORED_ONCE),
    "duplicate of it": ([new(), repeat(), repeat()], STORED_ONCE),
    "dead with its code": ([new(BAD)], Fate(dead=1, code=BAD)),
    "refused, no effect": ([refused()], None),
    "refused, then sent again": ([refused(), new()], STORED_ONCE),
    "503, no effect": ([refused(503)], None),
    "503, stored after all": ([refused(503)], STORED_ONCE),
    "cut, then called a duplicate": ([LOST, repeat()], STORED_ONCE),
    "malformed, its first copy unanswered": ([Sent("t", "k", BAD), new(BAD)], Fate(dead=2, code=BAD)),
    "never left": ([NEVER_LEFT], None),
    "other body refused": ([new(), refused(422)], STORED_ONCE),
    "other body dead": (
        [new(body="a"), new(body="b", request_id="req_2")],
        Fate(stored=1, dead=1, code="IDEMPOTENCY_KEY_REUSED"),
    ),
}

WRONG = {
    "lost": ([new()], None, "stored 0 times, expected 1"),
    "stored twice": ([new(), repeat()], Fate(stored=2), "stored 2 times, expected 1"),
    "stored under both ids": (
        [new(), new(request_id="req_2")],
        Fate(stored=2, id="1"),
        "stored 2 times, expected 1",
    ),
    "stored by both attempts": ([refused(503), new()], Fate(stored=2, id="1"), "stored 2 times, expected 1"),
    "malformed lost": ([new(BAD)], None, "dead-lettered 0 times, expected 1"),
    "malformed stored": ([new(BAD)], Fate(stored=1, dead=1, code=BAD), "stored 1 times, expected 0"),
    "malformed twice": ([new(BAD)], Fate(dead=2, code=BAD), "dead-lettered 2 times, expected 1"),
    "other code": ([new(BAD)], Fate(dead=1, code="UNSTORABLE"), "dead-lettered as UNSTORABLE, expected " + BAD),
    "good one dead": ([new()], Fate(dead=1, code=BAD), "dead-lettered as VALIDATION_FAILED, expected stored"),
    "refused but stored": ([refused()], STORED_ONCE, "stored 1 times, expected 0"),
    "never left but stored": ([NEVER_LEFT], STORED_ONCE, "stored 1 times, expected 0"),
    "unanswered, stored twice": ([LOST], Fate(stored=2), "stored 2 times, expected 0 to 1"),
    "duplicate of nothing": ([refused(), repeat()], STORED_ONCE, "duplicate of a request that was never acknowledged"),
    "duplicate of another": ([new(), repeat("req_2")], STORED_ONCE, "duplicate of a request"),
    "second id unknown": ([new(), new(request_id="req_2")], STORED_ONCE, "req_2, of which nothing is known"),
    "broken JSON accepted": ([new(REFUSED)], Fate(), "acknowledged, expected a refusal"),
    "dead though one body": (
        [new()],
        Fate(stored=1, dead=1, code="IDEMPOTENCY_KEY_REUSED"),
        "dead-lettered 1 times, expected 0",
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_the_answers_allow_balances(case: str) -> None:
    """Nothing that the promises allow is reported."""
    sent, fate = ALLOWED[case]
    assert sheet_of(*sent, fate=fate).differences == []


@pytest.mark.parametrize("case", WRONG)
def test_what_the_answers_forbid_is_named(case: str) -> None:
    """Every contradiction is reported with the tenant, the key and what was expected."""
    sent, fate, problem = WRONG[case]
    sheet = sheet_of(*sent, fate=fate)
    assert not sheet.balanced
    assert any(problem in difference.problem for difference in sheet.differences)
    assert {(difference.tenant, difference.key) for difference in sheet.differences} == {("t", "k")}


def test_a_copy_that_only_the_store_recognised_balances_where_its_id_is_known() -> None:
    """Acknowledged twice as new while the cache was away: one row, and the other id is found as its duplicate."""
    sheet = sheet_of(new(), new(request_id="req_2"), fate=STORED_ONCE, req_2=STORED_ONCE)
    assert sheet.balanced
    assert sheet.acknowledged_again == 1


def test_the_sheet_adds_up() -> None:
    """Requests add up to what was sent, and rows to the events."""
    sent = [Sent("t", str(number), status=(202, 429, 503)[number % 3]) for number in range(9)]
    fate = {("t", str(number)): STORED_ONCE for number in range(0, 9, 3)}
    sheet = reckon(sent, Found(fate))
    assert sum(sheet.requests.values()) == 9
    assert (sheet.total.events, sheet.total.stored, sheet.total.neither) == (9, 3, 6)
    assert sheet.rows["refused only"].events == sheet.rows["unanswered only"].events == 3


def test_a_tenant_is_part_of_the_name() -> None:
    """The same key of two tenants names two events."""
    sheet = reckon([new(), Sent("u", "k", status=202, request_id="req_2")], Found({("t", "k"): STORED_ONCE}))
    assert [difference.tenant for difference in sheet.differences] == ["u"]


def test_the_text_shows_the_first_differences_and_counts_all() -> None:
    """A run that lost everything prints a screenful."""
    text = str(reckon([Sent("t", str(n), status=202, request_id=f"req_{n}") for n in range(50)], Found({})))
    assert "50 differences" in text
    assert "… and 30 more" in text
    assert "answered 202 req_7; found stored 0, dead 0" in text
