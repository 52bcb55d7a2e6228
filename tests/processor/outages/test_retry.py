"""Work that is retried until it succeeds."""

import threading
from collections import Counter
from collections.abc import Callable
from random import Random

import psycopg
import pytest
from confluent_kafka import KafkaError, KafkaException
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core import backoff
from event_platform.core.errors import UnavailableError
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages import retry
from event_platform.processor.outages.dependency_status import KAFKA, POSTGRES, PROCESSOR
from event_platform.processor.outages.retry import Retrier, StoppedError


class Trial:
    """A retrier with a minimal backoff, and a record of its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retry, "delays", lambda random: backoff.delays(random, 0.001, 0.001))
        self.health = Health(DatabaseClock())
        self.health.mark_running()
        self.stop = threading.Event()
        self.given_up = 0
        self.failures: Counter[str] = Counter()
        self.retrier = Retrier(self.health.dependencies, self.stop, Random(0), self._give_up, self._count)

    def _give_up(self) -> None:
        self.given_up += 1

    def _count(self, doing: str) -> None:
        self.failures[doing] += 1


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Trial:
    """A retrier to try out."""
    return Trial(monkeypatch)


def failing(*errors: Exception) -> Callable[[], str]:
    """Make work that raises ``errors`` one after another, and then succeeds."""
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


def test_work_is_retried_until_it_succeeds(trial: Trial) -> None:
    """While the work fails, health is down with the reason, and each attempt gets a new connection."""
    seen: list[str] = []
    flaky = failing(psycopg.OperationalError("refused"), UnavailableError("not yet"))

    def work() -> str:
        seen.append(trial.health.status())
        return flaky()

    assert trial.retrier.run(work, "storing") == "done"
    assert seen == ["ok", "down", "down"]
    assert (trial.given_up, trial.failures["storing"], trial.health.status()) == (2, 2, "ok")
    assert trial.health.report()["last_error"]["message"] == "storing: not yet"


def test_a_bug_is_retried_and_logged_as_an_error(trial: Trial, expect_errors: ExpectErrors) -> None:
    """An error that no server causes is logged as an ERROR, and the work is retried all the same."""
    expect_errors("unexpected error; retrying")
    assert trial.retrier.run(failing(ZeroDivisionError()), "storing") == "done"


def test_stopping_ends_retries(trial: Trial) -> None:
    """Stopping ends the retries; work that succeeds at the first attempt returns its result."""
    trial.stop.set()
    assert trial.retrier.run(failing(), "storing") == "done"
    with pytest.raises(StoppedError):
        trial.retrier.run(failing(UnavailableError("away")), "storing")


def test_the_running_attempt_is_visible(trial: Trial) -> None:
    """The running attempt shows its operation and its start; between attempts there is none."""
    found: list[tuple[str, str, bool]] = []

    def work() -> None:
        attempt = trial.retrier.attempt
        assert attempt
        found.append((attempt.operation, attempt.dependency, 0 <= attempt.seconds() < DEADLINE_SECONDS))

    trial.retrier.run(work, "looking", (KAFKA, POSTGRES))
    assert found == [("looking", KAFKA, True)]
    assert trial.retrier.attempt is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.OperationalError("x"), POSTGRES),
        (UnavailableError("x"), KAFKA),
        (KafkaException(KafkaError(KafkaError._TRANSPORT)), KAFKA),  # noqa: SLF001 - its public name
        (KeyError("x"), PROCESSOR),
    ],
)
def test_an_error_is_attributed_to_its_dependency(error: Exception, expected: str) -> None:
    """Postgres errors are attributed to Postgres, bugs to the processor, all others to what the work needs first."""
    assert retry.failed_dependency(error, KAFKA) == expected


def test_errors_are_shown_in_one_line() -> None:
    """Line breaks become blanks; an error without a message shows its type."""
    assert retry.one_line(psycopg.OperationalError("first\n  second")) == "first second"
    assert retry.one_line(KeyError()) == "KeyError"
