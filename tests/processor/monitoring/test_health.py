"""What ``/health`` says of which troubles."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring.dependency_status import DEAD_LETTER_TOPIC, KAFKA, POSTGRES
from event_platform.processor.monitoring.health import Health, ServiceState

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Hands:
    """Of a clock, which a test moves."""

    def __init__(self) -> None:
        """At the start."""
        self.now = START

    def pass_seconds(self, seconds: float) -> None:
        """Later."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hands() -> Hands:
    """Moved by the test."""
    return Hands()


@pytest.fixture
def health(hands: Hands) -> Health:
    """Of a processor that runs."""
    made = Health(Clock(lambda: hands.now))
    made.mark_running()
    return made


def dependency(health: Health, name: str) -> dict[str, Any]:
    """Its entry."""
    return next(dict(entry) for entry in health.report()["dependencies"] if entry["name"] == name)


def test_nothing_wrong_is_ok(health: Health) -> None:
    """All three dependencies have an entry; what was not needed yet is unknown."""
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
def test_only_a_running_processor_is_up(
    health: Health, transition: Callable[[Health], None], state: ServiceState
) -> None:
    """In every other state the processor is not ready, whatever else is well."""
    transition(health)
    assert (health.state, health.status()) == (state, "down")


def test_an_outage_is_down_since_it_began(health: Health, hands: Hands) -> None:
    """The reason is the latest, the time the first failure's; another success does not hide it, its own ends it."""
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


def test_another_dependencys_failure_begins_anew(health: Health, hands: Hands) -> None:
    """Kafka's trouble is not dated back to that of Postgres."""
    health.dependencies.mark_down("looking", POSTGRES, "refused")
    hands.pass_seconds(5)
    health.dependencies.mark_down("looking", KAFKA, "no answer")
    assert dependency(health, KAFKA)["since"] == "2026-01-31T12:00:05.000000Z"
    assert dependency(health, POSTGRES)["status"] != "down"


def test_trouble_beside_storing_is_degraded(health: Health) -> None:
    """Work that nothing waits for keeps no event from being stored; what does is told first."""
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
def test_trouble_with_dead_letters_is_degraded(health: Health, trouble: Any, reason: str) -> None:  # noqa: ANN401 - a function
    """Good events are stored, so it stays ready; a person should look, and reads why."""
    trouble(health)
    assert (health.status(), health.report()["error"]) == ("degraded", reason)


def test_the_reason_names_everything_that_is_wrong(health: Health, hands: Hands) -> None:
    """What keeps events from being stored first; nothing when nothing is wrong."""
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


def test_one_that_is_fenced_says_what_to_set(health: Health) -> None:
    """Its state has a sentence of its own."""
    health.mark_fenced("set WORKER_ID")
    assert health.report()["error"] == "set WORKER_ID"


@pytest.mark.parametrize(("seconds", "expected"), [(119.0, "ok"), (121.0, "down")])
def test_events_that_wait_too_long_are_down(health: Health, hands: Hands, seconds: float, expected: str) -> None:
    """More than two minutes unprocessed while it claims to run."""
    health.batch_started(START.timestamp())
    hands.pass_seconds(seconds)
    assert health.status() == expected
    assert health.report()["oldest_unprocessed_seconds"] == seconds


def test_a_stopped_partition_is_down_until_it_goes_on(health: Health) -> None:
    """With its reason, by its number; those that go on are forgotten."""
    health.partitions.mark_stopped(3, "beyond the end")
    health.partitions.mark_stopped(4, "beyond the end")
    health.partitions.clear_stopped([4])
    assert health.status() == "down"
    assert health.report()["stopped_partitions"] == {"3": "beyond the end"}
    assert health.report()["last_error"]["message"] == "beyond the end"
    health.partitions.clear_stopped([3])
    assert health.status() == "ok"
