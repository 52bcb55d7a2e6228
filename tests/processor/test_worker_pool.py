"""Several workers behind one port."""

import itertools
import os
import signal
import time
from typing import Any

import psutil
import pytest
from tests.fixtures.processes import command_of, has_ended
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually

from event_platform.processor.worker_pool import END_WITHIN_SECONDS


@pytest.fixture(scope="module")
def processor(run_service_for_module: RunService) -> Service:
    """A processor with two workers."""
    return run_service_for_module("processor", "--workers", "2")


def report(processor: Service) -> dict[str, Any]:
    """Return the body of `/health`."""
    return processor.health()


def partitions(processor: Service) -> list[list[int]]:
    """Return the partitions of each worker."""
    return [worker.get("partitions", []) for worker in report(processor)["workers"]]


def test_workers_share_the_partitions(raw_topic: RawTopic, processor: Service) -> None:
    """Each worker has half of the partitions; a metric label tells the workers apart."""
    eventually(lambda: [len(some) for some in partitions(processor)] == [3, 3], "three partitions each")
    assert sorted(itertools.chain.from_iterable(partitions(processor))) == list(range(6))
    for partition in range(6):
        raw_topic.send(*(raw_topic.message() for _ in range(50)), partition=partition)
    raw_topic.await_processed()
    stored = [f'processor_messages_total{{code="",outcome="stored",worker="{index}"}}' for index in range(2)]
    eventually(lambda: all(one in processor.metrics() for one in stored), "both counts")
    raw_topic.assert_balanced()


def test_a_dead_worker_is_restarted(raw_topic: RawTopic, processor: Service) -> None:
    """A killed worker is restarted, its partitions are read on, and nothing is counted twice."""
    victim = report(processor)["workers"][0]["pid"]
    raw_topic.send_good(500)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: report(processor)["workers"][0]["restarts"] == 1, "noticing")
    raw_topic.send_good(500)
    eventually(lambda: report(processor)["workers"][0]["pid"] != victim, "another process")
    processor.wait_until_ready()
    raw_topic.await_processed()
    raw_topic.assert_balanced()
    assert "worker exited; restarting" in processor.log()


def test_a_restarted_worker_is_down_until_it_reports(processor: Service) -> None:
    """A restarted worker is down until it has reported itself, whatever the killed one reported last."""
    processor.wait_until_ready()
    told = eventually(lambda: _successor_without_a_report(processor), "a worker caught before its first report")
    assert told["status"] == "down"
    processor.wait_until_ready()


def _successor_without_a_report(processor: Service) -> dict[str, Any] | None:
    """Kill a worker, and stop its successor before it reports; return its entry, or None if it reported first."""

    def worker() -> dict[str, Any]:
        told: dict[str, Any] = report(processor)["workers"][0]
        return told

    dead = worker()["pid"]
    os.kill(dead, signal.SIGKILL)
    successor = eventually(lambda: worker()["pid"] if worker()["pid"] != dead else None, "another process")
    os.kill(successor, signal.SIGSTOP)
    told = worker()
    os.kill(successor, signal.SIGCONT)
    return told if told["state"] == "starting" else None


@pytest.mark.long
def test_a_worker_that_does_not_report_is_down(processor: Service) -> None:
    """A worker whose process is stopped (SIGSTOP) cannot report, and is down."""
    victim = report(processor)["workers"][1]["pid"]
    os.kill(victim, signal.SIGSTOP)
    try:
        eventually(lambda: report(processor)["workers"][1]["status"] == "down", "a red worker")
        assert not processor.is_ready()
    finally:
        os.kill(victim, signal.SIGCONT)
    processor.wait_until_ready()


def test_workers_end_with_their_parent(run_service: RunService, processor: Service) -> None:
    """SIGTERM ends all workers in time; SIGKILL of the parent leaves no worker process."""
    assert processor.stop() == 0
    second = run_service("processor", "--workers", "2")
    first = psutil.Process(second.pid)
    eventually(lambda: len(_workers(first)) == 2, "two workers")
    workers = _workers(first)
    first.kill()
    eventually(lambda: all(map(has_ended, workers)), "their end")


@pytest.mark.timing
def test_workers_end_before_they_are_killed(run_service: RunService, promised: Promised) -> None:
    """Workers end on SIGTERM before the deadline after which they are killed."""

    def seconds_to_end() -> float:
        processor = run_service("processor", "--workers", "2")
        started = time.monotonic()
        assert processor.stop() == 0
        return time.monotonic() - started

    promised.within(END_WITHIN_SECONDS, seconds_to_end)


def _workers(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children() if "spawn_main" in command_of(child)]
