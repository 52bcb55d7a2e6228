"""Locks that another session holds: its backend is terminated if it is a stopped worker's, else waited for."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from pydantic import SecretStr
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.waiting import eventually, let_pass
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import rows_stored

from event_platform.core.settings.model import Settings
from event_platform.processor.storage import lock_blockers, writer
from event_platform.processor.storage.connection import Database

HOLD = "SELECT FROM consumer_progress WHERE topic_id = %s FOR UPDATE"


@pytest.fixture
def impatient(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A writer with a lock timeout of 400 ms, and checks every 100 ms."""
    bench.connection.execute("SET lock_timeout = '400ms'")
    monkeypatch.setattr(lock_blockers, "_CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(lock_blockers, "_STOPPED_AFTER_SECONDS", 0.3)
    return bench


def on_second_attempt(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Call ``act`` between a lock timeout and the next attempt, during which blockers are terminated."""

    class ObservedTerminator(lock_blockers.LockBlockerTerminator):
        def __enter__(self) -> None:
            act()
            super().__enter__()

    monkeypatch.setattr(writer, "LockBlockerTerminator", ObservedTerminator)


def test_stopped_workers_backend_is_terminated(
    impatient: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped worker never releases its locks: its backend is terminated, and the batch stored."""
    # So that a busy machine has the time to terminate it.
    on_second_attempt(monkeypatch, lambda: impatient.connection.execute("SET lock_timeout = '60s'"))
    zombie = Database(settings)
    zombie.connection().execute("BEGIN")
    zombie.connection().execute(HOLD, [impatient.topic_id])
    assert rows_stored(impatient.write(message())) == 1
    with pytest.raises(psycopg.OperationalError):
        zombie.connection().execute("SELECT 1")
    zombie.close()


def test_slow_worker_is_left_alone(
    impatient: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that holds our locks but is at work keeps its backend; the batch is stored once it commits."""
    monkeypatch.setattr(lock_blockers, "_STOPPED_AFTER_SECONDS", 1.0)
    on_second_attempt(monkeypatch, lambda: impatient.connection.execute("SET lock_timeout = '60s'"))
    slow = Database(settings)
    slow.connection().execute("BEGIN")
    slow.connection().execute(HOLD, [impatient.topic_id])
    in_transaction: list[bool] = []

    def go_on() -> None:
        for _ in range(30):
            let_pass(0.1)
            slow.connection().execute("SELECT 1")
        in_transaction.append(slow.connection().info.transaction_status == TransactionStatus.INTRANS)
        slow.connection().execute("COMMIT")

    working = threading.Thread(target=go_on)
    working.start()
    assert rows_stored(impatient.write(message())) == 1
    working.join()
    slow.close()
    assert in_transaction == [True]


def test_context_can_be_entered_again(bench: Bench, settings: Settings) -> None:
    """The attempt inside the context may be retried."""
    terminator = lock_blockers.LockBlockerTerminator(Database(settings), bench.connection.info.backend_pid)
    for _ in range(2):
        with terminator:
            assert bench.one("SELECT 1") == 1


def test_stuck_postgres_does_not_keep_the_thread(
    bench: Bench, settings: Settings, proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection of a check is broken after its deadline, so that its thread ends."""
    monkeypatch.setattr(lock_blockers, "_CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(lock_blockers, "_QUERY_SECONDS", 0.5)
    assert settings.database_url
    postgres = proxy(settings.database_url.get_secret_value())
    rescue = Database(settings.model_copy(update={"database_url": SecretStr(postgres.url)}))
    rescue.connection()
    postgres.swallow_replies()
    terminator = lock_blockers.LockBlockerTerminator(rescue, bench.connection.info.backend_pid)
    with terminator:
        (thread,) = (thread for thread in threading.enumerate() if thread.name == "lock-blockers")
        eventually(lambda: postgres.swallowed_bytes, "an answer that does not come")
    eventually(lambda: not thread.is_alive(), "the end of its thread")


def test_foreign_session_is_left_alone(impatient: Bench, settings: Settings, message: MakeMessage) -> None:
    """A session that is not a processor's keeps its locks: the lock timeout is raised, and nothing is dead-lettered."""
    assert settings.database_url
    value = message()
    with psycopg.connect(settings.database_url.get_secret_value()) as other:
        other.execute(HOLD, [impatient.topic_id])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            impatient.write(value)
        other.execute("SELECT 1")
    write_result = impatient.write(value)
    assert (rows_stored(write_result), write_result.splits) == (1, 0)


def test_released_lock_is_retried_without_a_failure(
    bench: Bench, settings: Settings, message: MakeMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock timeout is retried once before it is raised."""
    bench.connection.execute("SET lock_timeout = '400ms'")
    assert settings.database_url
    with psycopg.connect(settings.database_url.get_secret_value()) as other:
        on_second_attempt(monkeypatch, other.rollback)
        other.execute(HOLD, [bench.topic_id])
        assert rows_stored(bench.write(message())) == 1
