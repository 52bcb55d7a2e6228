"""Work that is tried until it succeeds, whatever it takes."""

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
from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring import retry
from event_platform.processor.monitoring.dependency_status import KAFKA, POSTGRES, PROCESSOR
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.retry import Retrier, StoppedError


class Trial:
    """A retrier that waits for nothing, and what it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing yet."""
        monkeypatch.setattr(retry, "delays", lambda random: backoff.delays(random, 0.001, 0.001))
        self.health = Health(Clock())
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
    """Quick."""
    return Trial(monkeypatch)


def failing(*errors: Exception) -> Callable[[], str]:
    """Work that fails with each of ``errors`` in turn, and then succeeds."""
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


def test_it_tries_until_it_works(trial: Trial) -> None:
    """Red with the reason meanwhile, each time with a fresh connection; green after it."""
    seen: list[str] = []
    flaky = failing(psycopg.OperationalError("refused"), UnavailableError("not yet"))

    def work() -> str:
        seen.append(trial.health.status())
        return flaky()

    assert trial.retrier.run(work, "storing") == "done"
    assert seen == ["ok", "down", "down"]
    assert (trial.given_up, trial.failures["storing"], trial.health.status()) == (2, 2, "ok")
    assert trial.health.report()["last_error"]["message"] == "storing: not yet"


def test_a_mistake_of_ours_loses_nothing_and_is_loud(trial: Trial, expect_errors: ExpectErrors) -> None:
    """An error that no server causes is an ERROR for a person, and the work is tried again all the same."""
    expect_errors("unexpected error; retrying")
    assert trial.retrier.run(failing(ZeroDivisionError()), "storing") == "done"


def test_stopping_ends_the_waiting_and_not_the_work(trial: Trial) -> None:
    """Told to stop it drops what failed; what works at the first attempt is finished."""
    trial.stop.set()
    assert trial.retrier.run(failing(), "storing") == "done"
    with pytest.raises(StoppedError):
        trial.retrier.run(failing(UnavailableError("away")), "storing")


def test_a_running_attempt_can_be_seen(trial: Trial) -> None:
    """With what it does, and since when, so that one that hangs is noticed; between attempts there is none."""
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
def test_who_is_blamed(error: Exception, expected: str) -> None:
    """Postgres for its own errors, ourselves for mistakes, else what the work needs first."""
    assert retry.failed_dependency(error, KAFKA) == expected


def test_errors_are_said_in_one_line() -> None:
    """Also those without words."""
    assert retry.one_line(psycopg.OperationalError("first\n  second")) == "first second"
    assert retry.one_line(KeyError()) == "KeyError"
