"""The platform's status, combined from the status of each dependency."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from event_platform.admin.responses.health import Dependency, DependencyName, Health, HealthStatus
from event_platform.admin.shared_result import SharedResult
from event_platform.core.error_text import with_type
from event_platform.core.errors import PlatformError
from event_platform.core.telemetry import get_logger

DEADLINE_SECONDS: Final = 2.0
MAX_AGE_SECONDS: Final = 1.0
PROBE_INTERVAL_SECONDS: Final = 10.0

Probe = Callable[[], Awaitable[str | None]]
"""Returns what is degraded, or None; raises if the dependency is down."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Outcome of one probe."""

    status: HealthStatus
    latency_ms: float | None
    error: str | None


class HealthProber:
    """Runs all probes concurrently, and keeps since when each dependency has had its status.

    Args:
        probes: One for each dependency.
        optional: Dependencies without which events are still accepted and stored.
    """

    def __init__(self, probes: Mapping[DependencyName, Probe], optional: frozenset[DependencyName]) -> None:
        self._probes = probes
        self._optional = optional
        self._since: dict[DependencyName, tuple[HealthStatus, datetime]] = {}
        self._latest = SharedResult(self.probe_all, MAX_AGE_SECONDS)

    async def probe(self) -> Health:
        """The current health, at most a second old; never raises, and takes no longer than the deadline."""
        return await self._latest.get()

    async def run(self) -> None:
        """Probe until cancelled, so that `since` is accurate to ten seconds."""
        await self._latest.refresh_forever(PROBE_INTERVAL_SECONDS)

    async def close(self) -> None:
        """Cancel running probes."""
        await self._latest.close()

    async def probe_all(self) -> Health:
        """Run every probe now."""
        results = await asyncio.gather(*(run_probe(probe) for probe in self._probes.values()))
        now = datetime.now(UTC)
        dependencies = [self._dependency(name, each, now) for name, each in zip(self._probes, results, strict=True)]
        return Health(status=overall_status(dependencies, self._optional), dependencies=dependencies)

    def _dependency(self, name: DependencyName, result: ProbeResult, now: datetime) -> Dependency:
        status, since = self._since.get(name, (None, now))
        if status != result.status:
            since = now
        self._since[name] = (result.status, since)
        return Dependency(
            name=name, status=result.status, latency_ms=result.latency_ms, error=result.error, since=since
        )


async def run_probe(probe: Probe, deadline_seconds: float = DEADLINE_SECONDS) -> ProbeResult:
    """Run one probe; returns by the deadline, whatever the probe does."""
    task, started = asyncio.ensure_future(_await(probe)), time.monotonic()
    done, _ = await asyncio.wait({task}, timeout=deadline_seconds)
    if not done:
        # Do not await the cancelled task: a stuck server can also block its cancellation.
        task.cancel()
        return ProbeResult("down", None, f"no answer within {deadline_seconds:g} s")
    try:
        degraded = task.result()
    except PlatformError as error:
        return ProbeResult("down", None, str(error))
    except Exception as error:
        # A defect in one probe must not hide the results of the others.
        log.exception("health probe failed")
        return ProbeResult("unknown", None, with_type(error))
    latency_ms = round((time.monotonic() - started) * 1_000, 3)
    return ProbeResult("degraded" if degraded else "ok", latency_ms, degraded)


async def _await(probe: Probe) -> str | None:
    return await probe()


def overall_status(dependencies: list[Dependency], optional: frozenset[DependencyName]) -> HealthStatus:
    """`down` if a required dependency is down, else `degraded` if any is not `ok`."""
    if any(each.status == "down" and each.name not in optional for each in dependencies):
        return "down"
    return "ok" if all(each.status == "ok" for each in dependencies) else "degraded"
