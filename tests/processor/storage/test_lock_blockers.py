"""Rows that another session holds: freed where it is a stopped worker of ours, else waited for and said."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from pydantic import SecretStr
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.waiting import eventually, let_pass
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.test_transaction import stored

from event_platform.core.settings.declaration import Settings
from event_platform.processor.storage import lock_blockers, writer
from event_platform.processor.storage.connection import Database

HOLD = "SELECT FROM consumer_progress WHERE topic_id = %s FOR UPDATE"


@pytest.fixture
def impatient(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """With a lock timeout, and a watch, of parts of a second."""
    bench.connection.execute("SET lock_timeout = '400ms'")
    monkeypatch.setattr(lock_blockers, "_CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(lock_blockers, "_STOPPED_AFTER_SECONDS", 0.3)
    return bench


def on_second_attempt(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen between a lock timeout and the next attempt, which is watched."""

    class Watch(lock_blockers.LockBlockerTerminator):
        def __enter__(self) -> None:
            act()
            super().__enter__()

    monkeypatch.setattr(writer, "LockBlockerTerminator", Watch)


def test_a_stopped_worker_of_ours_is_ended(
    impatient: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds our rows and will never let go: its backend is terminated, and the batch stored."""
    # So that a busy machine has the time to terminate it.
    on_second_attempt(monkeypatch, lambda: impatient.connection.execute("SET lock_timeout = '60s'"))
    zombie = Database(settings)
    zombie.connection().execute("BEGIN")
    zombie.connection().execute(HOLD, [impatient.topic_id])
    assert stored(impatient.write(message())) == 1
    with pytest.raises(psycopg.OperationalError):
        zombie.connection().execute("SELECT 1")
    zombie.close()


def test_a_slow_worker_of_ours_is_left_alone(
    impatient: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds our rows, but goes on: the batch is stored when it has done."""
    monkeypatch.setattr(lock_blockers, "_STOPPED_AFTER_SECONDS", 1.0)
    on_second_attempt(monkeypatch, lambda: impatient.connection.execute("SET lock_timeout = '60s'"))
    slow = Database(settings)
    slow.connection().execute("BEGIN")
    slow.connection().execute(HOLD, [impatient.topic_id])
    alive: list[bool] = []

    def go_on() -> None:
        for _ in range(30):
            let_pass(0.1)
            slow.connection().execute("SELECT 1")
        alive.append(slow.connection().info.transaction_status == TransactionStatus.INTRANS)
        slow.connection().execute("COMMIT")

    working = threading.Thread(target=go_on)
    working.start()
    assert stored(impatient.write(message())) == 1
    working.join()
    slow.close()
    assert alive == [True]


def test_a_watch_may_be_entered_again(bench: Bench, settings: Settings) -> None:
    """The attempt that it guards may be tried anew."""
    watch = lock_blockers.LockBlockerTerminator(Database(settings), bench.connection.info.backend_pid)
    for _ in range(2):
        with watch:
            assert bench.one("SELECT 1") == 1


def test_a_watch_does_not_wait_for_a_postgres_that_hangs(
    bench: Bench, settings: Settings, proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own connection is broken after a while, so that neither it nor its thread is left behind."""
    monkeypatch.setattr(lock_blockers, "_CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(lock_blockers, "_QUERY_SECONDS", 0.5)
    assert settings.database_url
    postgres = proxy(settings.database_url.get_secret_value())
    rescue = Database(settings.model_copy(update={"database_url": SecretStr(postgres.url)}))
    rescue.connection()
    postgres.swallow_replies()
    watch = lock_blockers.LockBlockerTerminator(rescue, bench.connection.info.backend_pid)
    with watch:
        eventually(lambda: postgres.swallowed_bytes, "an answer that does not come")
    eventually(lambda: "blockers" not in [thread.name for thread in threading.enumerate()], "the end of its thread")


def test_anybody_else_is_left_alone(impatient: Bench, settings: Settings, message: MakeMessage) -> None:
    """A session that is none of our processors' is waited for: the lock timeout is said, and nothing is dead."""
    assert settings.database_url
    value = message()
    with psycopg.connect(settings.database_url.get_secret_value()) as other:
        other.execute(HOLD, [impatient.topic_id])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            impatient.write(value)
        other.execute("SELECT 1")
    write_result = impatient.write(value)
    assert (stored(write_result), write_result.splits) == (1, 0)


def test_a_lock_that_is_let_go_is_no_trouble(
    bench: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One timeout is tried again quietly."""
    bench.connection.execute("SET lock_timeout = '400ms'")
    assert settings.database_url
    with psycopg.connect(settings.database_url.get_secret_value()) as other:
        on_second_attempt(monkeypatch, other.rollback)
        other.execute(HOLD, [bench.topic_id])
        assert stored(bench.write(message())) == 1
