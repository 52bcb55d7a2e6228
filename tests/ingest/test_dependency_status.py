"""The status of a dependency of ingest."""

from datetime import UTC, datetime, timedelta

import pytest

from event_platform.ingest.dependency_status import DependencyStatus


@pytest.fixture
def moments() -> list[datetime]:
    """What the clock shows next; it starts at a minute and stays at the last entry."""
    return [datetime(2026, 1, 1, 12, tzinfo=UTC)]


@pytest.fixture
def status(moments: list[datetime]) -> DependencyStatus:
    """The status of Redis, before anything tried to use it."""
    return DependencyStatus("redis", lambda: moments[-1])


def test_it_is_unknown_until_the_first_attempt(status: DependencyStatus) -> None:
    """Neither `ok` nor `down` is claimed of a dependency that nobody has tried to use."""
    assert status.describe()["status"] == "unknown"
    assert not status.is_up
    status.mark_down("refused")
    assert (status.describe()["status"], status.describe()["error"]) == ("down", "refused")
    status.mark_up()
    assert (status.describe()["status"], status.describe()["error"]) == ("ok", None)


def test_since_changes_with_the_status_only(status: DependencyStatus, moments: list[datetime]) -> None:
    """An outage lasts since its first failure, whatever the later ones say."""
    status.mark_up()
    moments.append(moments[0] + timedelta(seconds=5))
    status.mark_down("refused")
    moments.append(moments[0] + timedelta(seconds=9))
    status.mark_down("timed out")
    assert status.since == moments[0] + timedelta(seconds=5)
    assert status.error == "timed out"
