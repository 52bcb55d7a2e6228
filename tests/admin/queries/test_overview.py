"""The overview counts what was processed in time windows, from rollups."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Store
from tests.fixtures.waiting import eventually

from event_platform.admin.queries import overview

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _overview(api: httpx.Client) -> dict[str, Any]:
    answer = api.get("/admin/overview")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("store")
def test_nothing_processed_yet_is_all_zeros(api: httpx.Client) -> None:
    """An empty platform has an overview too."""
    found = _overview(api)
    zeros = {"stored": 0, "duplicates": 0, "dead": 0}
    assert found["last_minute"] == found["today"] == zeros
    assert found["last_5_minutes"] == {**zeros, "per_minute": 0}
    assert (found["top_type_today"], found["dead_by_code"], found["dead_total"]) == (None, [], 0)
    assert found["as_of"].endswith("Z")


def test_an_event_counts_at_once(api: httpx.Client, store: Store, now: datetime) -> None:
    """What was processed a moment ago is in every window."""
    store.outcome("stored", 3, now)
    store.outcome("duplicate", 2, now, tenant_id="tenant_b")
    found = _overview(api)
    assert found["last_minute"] == {"stored": 3, "duplicates": 2, "dead": 0}
    assert found["last_5_minutes"] == {"stored": 3, "duplicates": 2, "dead": 0, "per_minute": 1.0}
    assert found["today"] == {"stored": 3, "duplicates": 2, "dead": 0}


def test_a_processor_whose_clock_is_ahead_counts_too(api: httpx.Client, store: Store, now: datetime) -> None:
    """A bucket that starts in a few seconds is not left out."""
    store.outcome("stored", 1, now + timedelta(seconds=12))
    assert _overview(api)["last_minute"]["stored"] == 1


@pytest.mark.parametrize(("age_seconds", "windows"), [(58, (1, 1)), (75, (0, 1)), (298, (0, 1)), (315, (0, 0))])
def test_windows_end(api: httpx.Client, store: Store, age_seconds: int, windows: tuple[int, int]) -> None:
    """What is older than a window by more than a bucket is not in it, what is younger always is."""

    def answered_at_once() -> dict[str, Any] | None:
        store.empty()
        now = datetime.now(UTC)
        store.outcome("stored", 1, now - timedelta(seconds=age_seconds))
        found = _overview(api)
        # On a busy machine it may be older by now.
        return found if datetime.fromisoformat(found["as_of"]) - now < timedelta(seconds=1) else None

    found = eventually(answered_at_once, "an answer within a second")
    assert (found["last_minute"]["stored"], found["last_5_minutes"]["stored"]) == windows


def test_today_begins_at_midnight_utc(api: httpx.Client, store: Store, now: datetime) -> None:
    """The hour before midnight belongs to yesterday."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    store.outcome("stored", 5, midnight - timedelta(seconds=1))
    store.outcome("stored", 7, midnight)
    assert _overview(api)["today"]["stored"] == 7


def test_top_type_is_a_name(api: httpx.Client, store: Store, now: datetime) -> None:
    """The sum of rare types is no type, however large."""
    store.types("login", 4, now)
    store.types("logout", 3, now)
    store.types("logout", 2, now, tenant_id="tenant_b")
    store.types("", 100, now)
    assert _overview(api)["top_type_today"] == {"event_type": "logout", "count": 5}
    types = api.get("/admin/top-event-types").json()["types"]
    assert types[0] == {"event_type": None, "count": 100}


def test_a_type_may_have_any_name(api: httpx.Client, store: Store, now: datetime) -> None:
    """Also one that looks as if it stood for all others."""
    store.types("(other)", 4, now)
    store.types("", 3, now)
    assert _overview(api)["top_type_today"] == {"event_type": "(other)", "count": 4}
    types = api.get("/admin/top-event-types").json()["types"]
    assert types == [{"event_type": "(other)", "count": 4}, {"event_type": None, "count": 3}]


def test_dead_letters_are_counted_by_code(api: httpx.Client, store: Store, now: datetime) -> None:
    """Most first; the total is that of the codes, and of the table."""
    for code in ("UNSTORABLE", "VALIDATION_FAILED", "VALIDATION_FAILED"):
        store.dead_letter(now, code=code)
    found = _overview(api)
    assert found["dead_by_code"] == [{"code": "VALIDATION_FAILED", "count": 2}, {"code": "UNSTORABLE", "count": 1}]
    assert found["dead_total"] == 3


def test_counts_of_dropped_dead_letters_are_left_out(api: httpx.Client, store: Store, now: datetime) -> None:
    """Their rollup may live on for longer than they do."""
    store.outcome("dead", 9, now - timedelta(hours=30), code="UNSTORABLE")
    store.dead_letter(now)
    assert _overview(api)["dead_total"] == 1


def test_top_event_types_most_first(api: httpx.Client, store: Store, now: datetime) -> None:
    """Whole hours and the minutes before them are added up; what is older is not."""
    since = now - timedelta(minutes=90)
    store.types("login", 1, now)
    store.types("login", 2, since + timedelta(minutes=2))
    store.types("logout", 2, now)
    store.types("logout", 50, since - timedelta(minutes=2))
    found = api.get("/admin/top-event-types", params={"sinceMinutes": 90}).json()
    assert found["types"] == [{"event_type": "login", "count": 3}, {"event_type": "logout", "count": 2}]
    assert abs(datetime.fromisoformat(found["since"]) - since) < timedelta(minutes=2)


def test_top_event_types_beyond_two_days_go_by_the_hour(api: httpx.Client, store: Store, now: datetime) -> None:
    """Minutes are kept for two days only, and ``since`` says where counting starts."""
    store.types("login", 1, now - timedelta(days=6))
    found = api.get("/admin/top-event-types", params={"sinceMinutes": 7 * 1_440}).json()
    assert found["types"] == [{"event_type": "login", "count": 1}]
    assert datetime.fromisoformat(found["since"]).minute == 0


def test_top_event_types_of_days_begin_at_their_hour(api: httpx.Client, store: Store) -> None:
    """Of the first day only the hours from then on count, of the days after it every hour once."""
    # Again where an hour ended in between.
    expected, found = eventually(lambda: _types_of_a_week(api, store), "an answer from the hour of the question")
    assert found["types"] == [{"event_type": "login", "count": expected}]


def _types_of_a_week(api: httpx.Client, store: Store) -> tuple[int, dict[str, Any]] | None:
    """The count to expect of a week, and what is answered."""
    store.empty()
    now = datetime.now(UTC)
    first_hour = (now - timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    midnight = overview.next_full(DAY, first_hour)
    store.types("login", 1, first_hour)
    store.types("login", 2, midnight - timedelta(minutes=1))
    store.types("login", 4, midnight)
    store.types("login", 8, midnight + timedelta(days=3, hours=5))
    store.types("login", 16, now)
    store.types("login", 32, first_hour - timedelta(minutes=1))
    found = api.get("/admin/top-event-types", params={"sinceMinutes": 7 * 1_440}).json()
    is_same_hour = datetime.fromisoformat(found["since"]) == first_hour
    return (31 if first_hour < midnight else 29, found) if is_same_hour else None


@pytest.mark.parametrize("minutes", ["0", "-1", "1.5", "x", "", "99999999999999999999"])
def test_a_wrong_span_says_what_was_expected(api: httpx.Client, minutes: str) -> None:
    """422 with the parameter's name."""
    answer = api.get("/admin/top-event-types", params={"sinceMinutes": minutes})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "INVALID_PARAMETER"
    assert answer.json()["error"]["message"].startswith("sinceMinutes: Input should be ")


@pytest.mark.parametrize("unit", [HOUR, DAY])
def test_units_meet_without_gap_or_overlap(unit: timedelta) -> None:
    """The first full one is the next one in UTC, or the one that starts there."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert overview.next_full(unit, start) == start
    assert overview.next_full(unit, start - timedelta(minutes=1)) == start
    assert overview.next_full(unit, start + timedelta(minutes=1)) == start + unit
    assert overview.next_full(unit, start.astimezone(timezone(timedelta(hours=5, minutes=30)))) == start
