"""Processes that are kept running."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess

import psutil
import pytest
from tests.fixtures.waiting import eventually

from event_platform.core import worker_pool
from event_platform.core.worker_pool import MAX_DELAY_SECONDS, PoolWorker, WorkerPool

CONTEXT = multiprocessing.get_context("spawn")


def waiting(_index: int) -> BaseProcess:
    """Start a process that waits for a signal that never comes."""
    process = CONTEXT.Process(target=signal.pause)
    process.start()
    return process


@pytest.fixture
def exits() -> list[int]:
    """Indexes of the workers whose exit was reported."""
    return []


@pytest.fixture
def pool(exits: list[int]) -> Iterator[WorkerPool]:
    """Two workers, with a short delay and little time to exit."""
    made = WorkerPool(2, waiting, on_exit=exits.append, first_delay_seconds=0.1, exit_seconds=0.2)
    yield made
    made.stop()


def supervised(pool: WorkerPool, condition: Callable[[], bool]) -> bool:
    """Supervise once more, and tell whether ``condition`` holds."""
    pool.supervise()
    return condition()


def test_a_process_that_exits_is_restarted(pool: WorkerPool, exits: list[int]) -> None:
    """The worker gets a new process after the delay, the other one keeps its own, and the exit is reported once."""
    killed, other = (worker.process.pid for worker in pool.workers)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    first = pool.workers[0]
    eventually(lambda: supervised(pool, lambda: first.restart_at is not None), "the restart to be scheduled")
    assert pool.seconds_to_restart(60.0) <= 0.1
    eventually(lambda: supervised(pool, lambda: first.process.pid != killed), "another process")
    assert first.process.is_alive()
    assert (first.restarts, pool.workers[1].restarts, pool.workers[1].process.pid) == (1, 0, other)
    assert exits == [0]
    assert pool.seconds_to_restart(60.0) == 60.0


def test_a_process_that_does_not_exit_is_killed(pool: WorkerPool) -> None:
    """A stopped process ignores SIGTERM; the others have exited by then."""
    stuck = pool.workers[0].process
    assert stuck.pid is not None
    os.kill(stuck.pid, signal.SIGSTOP)
    eventually(lambda: psutil.Process(stuck.pid).status() == psutil.STATUS_STOPPED, "the process to be stopped")
    pool.stop()
    assert [worker.process.exitcode for worker in pool.workers] == [-signal.SIGKILL, -signal.SIGTERM]


def test_delays_double_until_the_worker_is_stable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that fails at once waits longer each time; one that has run for a minute starts over."""
    worker = PoolWorker(0, CONTEXT.Process())
    delays = [worker.schedule_restart(0.2) for _ in range(8)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, MAX_DELAY_SECONDS, MAX_DELAY_SECONDS]
    monkeypatch.setattr(worker_pool, "STABLE_AFTER_SECONDS", -1.0)
    assert (worker.schedule_restart(0.2), worker.restarts) == (0.2, 1)
