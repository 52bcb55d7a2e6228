"""What `/health` reports in which case."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health, ServiceState
from event_platform.processor.outages.dependency_status import DEAD_LETTER_TOPIC, KAFKA, POSTGRES

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Hands:
    """The hands of a clock, which the test moves."""

    def __init__(self) -> None:
        self.now = START

    def pass_seconds(self, seconds: float) -> None:
        """Move the clock on."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hands() -> Hands:
    """The clock's hands, at the start."""
    return Hands()


@pytest.fixture
def health(hands: Hands) -> Health:
    """Health of a running processor."""
    made = Health(DatabaseClock(lambda: hands.now))
    made.mark_running()
    return made


def dependency(health: Health, name: str) -> dict[str, Any]:
    """Return the entry of one dependency."""
    return next(dict(entry) for entry in health.report()["dependencies"] if entry["name"] == name)


def test_without_failures_the_status_is_ok(health: Health) -> None:
    """Every dependency has an entry; one that was not needed yet is unknown."""
    health.dependencies.mark_up("storing", POSTGRES)
    assert health.status() == "ok"
    assert [dependency(health, name)["status"] for name in (KAFKA, POSTGRES, DEAD_LETTER_TOPIC)] == [
        "unknown",
        "ok",
        "unknown",
    ]


@pytest.mark.parametrize(
    ("transition", "state"),
    [
        (Health.mark_starting, ServiceState.STARTING),
        (lambda health: health.mark_fenced("set WORKER_ID"), ServiceState.FENCED),
        (Health.mark_stopping, ServiceState.STOPPING),
    ],
)
def test_only_a_running_processor_is_ready(
    health: Health, transition: Callable[[Health], None], state: ServiceState
) -> None:
    """In every other state the processor is not ready, whatever else is well."""
    transition(health)
    assert (health.state, health.status()) == (state, "down")


def test_an_outage_is_down_since_it_began(health: Health, hands: Hands) -> None:
    """The error is the latest, ``since`` is the first; only the same operation's success ends the outage."""
    health.dependencies.mark_down("storing", POSTGRES, "refused")
    hands.pass_seconds(9)
    health.dependencies.mark_down("storing", POSTGRES, "starting up")
    health.dependencies.mark_up("looking", POSTGRES)
    assert health.status() == "down"
    expected = {"name": POSTGRES, "status": "down", "error": "starting up", "since": "2026-01-31T12:00:00.000000Z"}
    assert dependency(health, POSTGRES) == expected
    health.dependencies.mark_up("storing", POSTGRES)
    assert health.status() == "ok"
    assert health.report()["last_error"]["message"] == "starting up"


def test_since_starts_again_with_another_dependency(health: Health, hands: Hands) -> None:
    """When another dependency fails the same operation, ``since`` starts again."""
    health.dependencies.mark_down("looking", POSTGRES, "refused")
    hands.pass_seconds(5)
    health.dependencies.mark_down("looking", KAFKA, "no answer")
    assert dependency(health, KAFKA)["since"] == "2026-01-31T12:00:05.000000Z"
    assert dependency(health, POSTGRES)["status"] != "down"


def test_background_failure_is_degraded(health: Health) -> None:
    """A failing background task degrades the processor; a critical failure comes first in the reason."""
    health.dependencies.mark_up("storing", POSTGRES)
    health.dependencies.mark_down("dropping old days", POSTGRES, "lock timeout", is_critical=False)
    assert (health.status(), health.report()["error"]) == ("degraded", "postgres: lock timeout")
    assert dependency(health, POSTGRES)["status"] == "degraded"
    health.dependencies.mark_down("storing", POSTGRES, "refused")
    assert health.status() == "down"
    assert (dependency(health, POSTGRES)["status"], dependency(health, POSTGRES)["error"]) == ("down", "refused")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (
            lambda health: health.dependencies.mark_down("publishing", DEAD_LETTER_TOPIC, "no such topic"),
            "dead_letter_topic: no such topic",
        ),
        (lambda health: health.set_unpublished(7), "7 dead letters are not published yet"),
        (lambda health: health.set_burst("200 of the latest 200"), "dead letters, 200 of the latest 200"),
    ],
)
def test_dead_letter_problem_is_degraded(health: Health, trouble: Any, reason: str) -> None:  # noqa: ANN401 - a function
    """Good events are stored, so that the processor stays ready; the reason says what to look at."""
    trouble(health)
    assert (health.status(), health.report()["error"]) == ("degraded", reason)


def test_the_reason_names_everything_that_is_wrong(health: Health, hands: Hands) -> None:
    """The reason lists first what keeps events from being stored, and is None when nothing is wrong."""
    assert health.report()["error"] is None
    health.dependencies.mark_down("storing", POSTGRES, "refused")
    health.partitions.mark_stopped(3, "beyond the end")
    health.batch_started(START.timestamp())
    health.set_unpublished(2)
    hands.pass_seconds(121)
    assert health.report()["error"] == (
        "partition 3: beyond the end; postgres: refused; the oldest event has waited for 121 s; "
        "2 dead letters are not published yet"
    )


def test_fenced_processor_names_the_setting(health: Health) -> None:
    """A fenced processor's reason is the setting to change."""
    health.mark_fenced("set WORKER_ID")
    assert health.report()["error"] == "set WORKER_ID"


@pytest.mark.parametrize(("seconds", "expected"), [(119.0, "ok"), (121.0, "down")])
def test_events_that_wait_too_long_are_down(health: Health, hands: Hands, seconds: float, expected: str) -> None:
    """An event that waits for more than two minutes makes a running processor down."""
    health.batch_started(START.timestamp())
    hands.pass_seconds(seconds)
    assert health.status() == expected
    assert health.report()["oldest_unprocessed_seconds"] == seconds


def test_a_stopped_partition_is_down_until_it_is_read(health: Health) -> None:
    """A stopped partition is listed with its reason, until it is read again."""
    health.partitions.mark_stopped(3, "beyond the end")
    health.partitions.mark_stopped(4, "beyond the end")
    health.partitions.clear_stopped([4])
    assert health.status() == "down"
    assert health.report()["stopped_partitions"] == {"3": "beyond the end"}
    assert health.report()["last_error"]["message"] == "beyond the end"
    health.partitions.clear_stopped([3])
    assert health.status() == "ok"
