"""The overview counts what was processed in time windows, from rollups."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable
from tests.fixtures.waiting import eventually


def _overview(api: httpx.Client) -> dict[str, Any]:
    answer = api.get("/admin/overview")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("store")
def test_nothing_processed_yet_is_all_zeros(api: httpx.Client) -> None:
    """An empty platform has an overview, too."""
    found = _overview(api)
    zeros = {"stored": 0, "duplicates": 0, "dead": 0}
    assert found["last_minute"] == found["today"] == zeros
    assert found["last_5_minutes"] == {**zeros, "per_minute": 0}
    assert (found["top_type_today"], found["dead_by_code"], found["dead_total"]) == (None, [], 0)
    assert found["as_of"].endswith("Z")


def test_an_event_counts_at_once(api: httpx.Client, store: Storable, now: datetime) -> None:
    """What was processed a moment ago is in every window."""
    store.outcome("stored", 3, now)
    store.outcome("duplicate", 2, now, tenant_id="tenant_b")
    found = _overview(api)
    assert found["last_minute"] == {"stored": 3, "duplicates": 2, "dead": 0}
    assert found["last_5_minutes"] == {"stored": 3, "duplicates": 2, "dead": 0, "per_minute": 1.0}
    assert found["today"] == {"stored": 3, "duplicates": 2, "dead": 0}


def test_a_bucket_in_the_future_counts(api: httpx.Client, store: Storable, now: datetime) -> None:
    """A processor whose clock is ahead writes buckets that start in a few seconds."""
    store.outcome("stored", 1, now + timedelta(seconds=12))
    assert _overview(api)["last_minute"]["stored"] == 1


@pytest.mark.parametrize(("age_seconds", "windows"), [(58, (1, 1)), (75, (0, 1)), (298, (0, 1)), (315, (0, 0))])
def test_windows_end(api: httpx.Client, store: Storable, age_seconds: int, windows: tuple[int, int]) -> None:
    """What is older than a window by more than a bucket does not count; what is younger always does."""

    def answered_at_once() -> dict[str, Any] | None:
        store.empty()
        now = datetime.now(UTC)
        store.outcome("stored", 1, now - timedelta(seconds=age_seconds))
        found = _overview(api)
        # On a busy machine it may be older by now.
        return found if datetime.fromisoformat(found["as_of"]) - now < timedelta(seconds=1) else None

    found = eventually(answered_at_once, "an answer within a second")
    assert (found["last_minute"]["stored"], found["last_5_minutes"]["stored"]) == windows


def test_today_begins_at_midnight_utc(api: httpx.Client, store: Storable, now: datetime) -> None:
    """The hour before midnight belongs to yesterday."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    store.outcome("stored", 5, midnight - timedelta(seconds=1))
    store.outcome("stored", 7, midnight)
    assert _overview(api)["today"]["stored"] == 7


def test_dead_letters_are_counted_by_code(api: httpx.Client, store: Storable, now: datetime) -> None:
    """Most frequent first; the total is the sum over the codes, and the number of rows."""
    for code in ("UNSTORABLE", "VALIDATION_FAILED", "VALIDATION_FAILED"):
        store.dead_letter(now, code=code)
    found = _overview(api)
    assert found["dead_by_code"] == [{"code": "VALIDATION_FAILED", "count": 2}, {"code": "UNSTORABLE", "count": 1}]
    assert found["dead_total"] == 3


def test_counts_of_dropped_dead_letters_are_left_out(api: httpx.Client, store: Storable, now: datetime) -> None:
    """The rollup can be kept longer than the dead letters."""
    store.outcome("dead", 9, now - timedelta(hours=30), code="UNSTORABLE")
    store.dead_letter(now)
    assert _overview(api)["dead_total"] == 1
