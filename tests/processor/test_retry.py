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
from event_platform.processor import retry
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import KAFKA, POSTGRES, PROCESSOR, Health, State
from event_platform.processor.retry import Patience, StoppedError


class Trial:
    """A patience that waits for nothing, and what it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing yet."""
        monkeypatch.setattr(retry, "delays", lambda chance: backoff.delays(chance, 0.001, 0.001))
        self.health = Health(DatabaseClock())
        self.health.state = State.RUNNING
        self.stop = threading.Event()
        self.given_up = 0
        self.failures: Counter[str] = Counter()
        self.patience = Patience(self.health, self.stop, Random(0), self._give_up, self._count)

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

    assert trial.patience.persist(work, "storing") == "done"
    assert seen == ["ok", "down", "down"]
    assert (trial.given_up, trial.failures["storing"], trial.health.status()) == (2, 2, "ok")
    assert trial.health.report()["last_error"]["message"] == "storing: not yet"


def test_a_mistake_of_ours_loses_nothing_and_is_loud(trial: Trial, expect_errors: ExpectErrors) -> None:
    """An error that no server causes is an ERROR for a person, and the work is tried again all the same."""
    expect_errors("unexpected failure; trying again")
    assert trial.patience.persist(failing(ZeroDivisionError()), "storing") == "done"


def test_stopping_ends_the_waiting_and_not_the_work(trial: Trial) -> None:
    """Told to stop it drops what failed; what works at the first attempt is finished."""
    trial.stop.set()
    assert trial.patience.persist(failing(), "storing") == "done"
    with pytest.raises(StoppedError):
        trial.patience.persist(failing(UnavailableError("away")), "storing")


def test_a_running_attempt_can_be_seen(trial: Trial) -> None:
    """With what it does, and since when, so that one that hangs is noticed; between attempts there is none."""
    found: list[tuple[str, str, bool]] = []

    def work() -> None:
        attempt = trial.patience.attempt
        assert attempt
        found.append((attempt.doing, attempt.dependency, 0 <= attempt.seconds() < DEADLINE_SECONDS))

    trial.patience.persist(work, "looking", (KAFKA, POSTGRES))
    assert found == [("looking", KAFKA, True)]
    assert trial.patience.attempt is None


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
    assert retry.blamed(error, KAFKA) == expected


def test_errors_are_said_in_one_line() -> None:
    """Also those without words."""
    assert retry.said(psycopg.OperationalError("first\n  second")) == "first second"
    assert retry.said(KeyError()) == "KeyError"
