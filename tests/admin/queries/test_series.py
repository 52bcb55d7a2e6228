"""A series has every bucket, filled or empty."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable

from event_platform.admin.queries.series import bucket_seconds, bucket_starts

NOON = datetime(2026, 1, 1, 12, 0, 7, tzinfo=UTC)


def _series(api: httpx.Client, minutes: int) -> dict[str, Any]:
    answer = api.get("/admin/series", params={"minutes": minutes})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("minutes", [1, 7, 20, 21, 60, 61, 120, 240, 241, 1_440])
def test_every_bucket_is_there(minutes: int) -> None:
    """Buckets follow each other without a gap, cover the span, and the last one contains the current time."""
    width = timedelta(seconds=bucket_seconds(minutes))
    starts = bucket_starts(NOON, minutes * 60, bucket_seconds(minutes))
    assert {later - earlier for earlier, later in pairwise(starts)} <= {width}
    assert starts[-1] <= NOON < starts[-1] + width
    assert timedelta(0) <= len(starts) * width - timedelta(minutes=minutes) < width
    assert len(starts) <= 120


@pytest.mark.usefixtures("store")
def test_empty_buckets_are_zeros(api: httpx.Client) -> None:
    """An empty platform has a series, too."""
    found = _series(api, 60)
    assert (found["bucket_seconds"], len(found["points"])) == (30, 120)
    assert all(each["stored"] == each["duplicates"] == each["dead"] == 0 for each in found["points"])


def test_outcomes_are_in_the_bucket_of_their_processing(api: httpx.Client, store: Storable) -> None:
    """Summed over tenants, and separate by outcome."""
    at = datetime.now(UTC) - timedelta(minutes=10)
    for tenant in ("tenant_a", "tenant_b"):
        store.outcome("stored", 2, at, tenant_id=tenant)
    store.outcome("duplicate", 3, at)
    store.outcome("dead", 4, at, code="UNSTORABLE")
    points = [each for each in _series(api, 60)["points"] if each["stored"]]
    assert [(each["stored"], each["duplicates"], each["dead"]) for each in points] == [(4, 3, 4)]
    assert timedelta(0) <= at - datetime.fromisoformat(points[0]["at"]) < timedelta(seconds=30)


def test_the_newest_is_in_the_last_bucket(api: httpx.Client, store: Storable) -> None:
    """Counts of a processor whose clock is ahead are in it, too."""
    store.outcome("stored", 1, datetime.now(UTC) + timedelta(seconds=25))
    for minutes in (1, 60, 1_440):
        points = _series(api, minutes)["points"]
        assert points[-1]["stored"] == sum(each["stored"] for each in points) == 1, minutes


def test_a_day_has_hourly_buckets(api: httpx.Client, store: Storable) -> None:
    """A day is read from few rows."""
    store.outcome("stored", 1, datetime.now(UTC) - timedelta(hours=20))
    found = _series(api, 1_440)
    assert (found["bucket_seconds"], len(found["points"])) == (3_600, 24)
    assert sum(each["stored"] for each in found["points"]) == 1


@pytest.mark.parametrize("minutes", ["0", "1441", "x"])
def test_an_invalid_span_says_what_was_expected(api: httpx.Client, minutes: str) -> None:
    """Status 422, with the parameter's name."""
    answer = api.get("/admin/series", params={"minutes": minutes})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("minutes: Input should be ")
