"""The most frequent event types are counted from rollups by minute, hour and day."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable
from tests.fixtures.waiting import eventually

from event_platform.admin.queries.top_event_types import round_up

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _top_type_today(api: httpx.Client) -> Any:  # noqa: ANN401 - any JSON
    answer = api.get("/admin/overview")
    assert answer.status_code == 200
    return answer.json()["top_type_today"]


def test_the_top_type_has_a_name(api: httpx.Client, store: Storable, now: datetime) -> None:
    """The sum of rare types is not a type, however large it is."""
    store.types("login", 4, now)
    store.types("logout", 3, now)
    store.types("logout", 2, now, tenant_id="tenant_b")
    store.types("", 100, now)
    assert _top_type_today(api) == {"event_type": "logout", "count": 5}
    types = api.get("/admin/top-event-types").json()["types"]
    assert types[0] == {"event_type": None, "count": 100}


def test_a_type_can_have_any_name(api: httpx.Client, store: Storable, now: datetime) -> None:
    """A name that looks like the sum of all others is still a name."""
    store.types("(other)", 4, now)
    store.types("", 3, now)
    assert _top_type_today(api) == {"event_type": "(other)", "count": 4}
    types = api.get("/admin/top-event-types").json()["types"]
    assert types == [{"event_type": "(other)", "count": 4}, {"event_type": None, "count": 3}]


def test_top_event_types_most_frequent_first(api: httpx.Client, store: Storable, now: datetime) -> None:
    """Whole hours and the minutes before them are added up; what is older does not count."""
    since = now - timedelta(minutes=90)
    store.types("login", 1, now)
    store.types("login", 2, since + timedelta(minutes=2))
    store.types("logout", 2, now)
    store.types("logout", 50, since - timedelta(minutes=2))
    found = api.get("/admin/top-event-types", params={"sinceMinutes": 90}).json()
    assert found["types"] == [{"event_type": "login", "count": 3}, {"event_type": "logout", "count": 2}]
    assert abs(datetime.fromisoformat(found["since"]) - since) < timedelta(minutes=2)


def test_top_event_types_beyond_two_days_go_by_the_hour(api: httpx.Client, store: Storable, now: datetime) -> None:
    """Minutes are kept for two days only, and `since` says where counting starts."""
    store.types("login", 1, now - timedelta(days=6))
    found = api.get("/admin/top-event-types", params={"sinceMinutes": 7 * 1_440}).json()
    assert found["types"] == [{"event_type": "login", "count": 1}]
    assert datetime.fromisoformat(found["since"]).minute == 0


def test_top_event_types_of_days_begin_at_their_hour(api: httpx.Client, store: Storable) -> None:
    """The first day counts from its hour on, and every later hour counts once."""
    # Repeat if an hour ended in between.
    expected, found = eventually(lambda: _types_of_a_week(api, store), "a response from the hour of the request")
    assert found["types"] == [{"event_type": "login", "count": expected}]


def _types_of_a_week(api: httpx.Client, store: Storable) -> tuple[int, dict[str, Any]] | None:
    """The expected count of a week, and the response."""
    store.empty()
    now = datetime.now(UTC)
    first_hour = (now - timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    midnight = round_up(first_hour, DAY)
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
def test_an_invalid_span_says_what_was_expected(api: httpx.Client, minutes: str) -> None:
    """Status 422, with the parameter's name."""
    answer = api.get("/admin/top-event-types", params={"sinceMinutes": minutes})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "INVALID_PARAMETER"
    assert answer.json()["error"]["message"].startswith("sinceMinutes: Input should be ")


@pytest.mark.parametrize("unit", [HOUR, DAY])
def test_rounding_up_leaves_no_gap_or_overlap(unit: timedelta) -> None:
    """It returns the next hour or UTC day, or the one that starts at that moment."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert round_up(start, unit) == start
    assert round_up(start - timedelta(minutes=1), unit) == start
    assert round_up(start + timedelta(minutes=1), unit) == start + unit
    assert round_up(start.astimezone(timezone(timedelta(hours=5, minutes=30))), unit) == start
