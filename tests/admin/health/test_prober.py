"""The platform's status follows from its probes, and is there by the deadline, whatever a probe does."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.admin.health.prober import HealthProber, ProbeResult, overall_status, run_probe
from event_platform.admin.responses.health import Dependency, DependencyName, HealthStatus
from event_platform.core.errors import UnavailableError

NAMES: list[DependencyName] = ["postgres", "redis", "kafka", "ingest", "processor"]
REDIS: frozenset[DependencyName] = frozenset({"redis"})


def _dependencies(**states: HealthStatus) -> list[Dependency]:
    now = datetime.now(UTC)
    return [Dependency(name=n, status=states.get(n, "ok"), latency_ms=None, error=None, since=now) for n in NAMES]


@pytest.mark.parametrize("name", ["postgres", "kafka", "ingest", "processor"])
def test_down_if_a_required_dependency_is_down(name: str) -> None:
    """Without any of these, events cannot be accepted or stored."""
    states: dict[str, HealthStatus] = {name: "down"}
    assert overall_status(_dependencies(**states), REDIS) == "down"


@pytest.mark.parametrize("name", NAMES)
def test_degraded_if_any_dependency_is_degraded(name: str) -> None:
    """One degraded dependency degrades the platform, whichever it is."""
    states: dict[str, HealthStatus] = {name: "degraded"}
    assert overall_status(_dependencies(**states), REDIS) == "degraded"


def test_redis_is_optional_if_the_settings_say_so() -> None:
    """If events are accepted without Redis, its outage only degrades the platform."""
    assert overall_status(_dependencies(redis="down"), REDIS) == "degraded"
    assert overall_status(_dependencies(redis="down"), frozenset()) == "down"
    assert overall_status(_dependencies(), frozenset()) == "ok"


def test_a_stuck_probe_is_down_by_the_deadline() -> None:
    """A probe that refuses to be cancelled does not delay the result."""

    async def probe_result() -> ProbeResult:
        may_end = asyncio.Event()

        async def stubborn() -> None:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()

        running = asyncio.create_task(run_probe(stubborn, deadline_seconds=0.05))
        await asyncio.wait([running], timeout=DEADLINE_SECONDS)
        has_ended = running.done()
        may_end.set()
        assert has_ended, "it waited for the probe"
        return await running

    found = asyncio.run(probe_result())
    assert (found.status, found.error) == ("down", "no answer within 0.05 s")


def test_since_is_the_time_of_the_last_change() -> None:
    """`since` stays the same while the status does."""
    answers: Iterator[str | None] = iter([None, None, "impaired", "impaired still"])

    async def probe() -> str | None:
        return next(answers)

    async def observe() -> list[Dependency]:
        return [(await prober.probe_all()).dependencies[0] for _ in range(4)]

    prober = HealthProber({"kafka": probe}, frozenset())
    first, second, third, fourth = asyncio.run(observe())
    assert first.since == second.since < third.since == fourth.since
    assert (third.status, third.error, fourth.error) == ("degraded", "impaired", "impaired still")


def test_a_defect_in_one_probe_hides_no_other(expect_errors: Callable[[str], None]) -> None:
    """It is logged, and the status of that dependency is unknown."""
    expect_errors("health probe failed")

    async def broken() -> str | None:
        raise ZeroDivisionError

    async def unavailable() -> str | None:
        raise UnavailableError("PING: refused")

    health = asyncio.run(HealthProber({"redis": broken, "kafka": unavailable}, frozenset()).probe())
    assert [(each.status, each.error) for each in health.dependencies] == [
        ("unknown", "ZeroDivisionError"),
        ("down", "PING: refused"),
    ]
