"""The platform's state, from what its parts answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from event_platform.admin.responses import Dependency, Health
from event_platform.admin.shared_result import Refreshed
from event_platform.core.errors import PlatformError
from event_platform.core.telemetry import get_logger

DEADLINE_SECONDS: Final = 2.0
MAX_AGE_SECONDS: Final = 1.0
REPEAT_SECONDS: Final = 10.0

Name = Literal["postgres", "redis", "kafka", "ingest", "processor"]
Status = Literal["ok", "degraded", "down"]
Probe = Callable[[], Awaitable[str | None]]
"""Returns what is impaired, or None; raises where the part does not work."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Finding:
    """What one probe found."""

    status: Status
    latency_ms: float | None
    error: str | None


class HealthProber:
    """Asks all parts at once, and remembers since when each has been as it is.

    Args:
        probes: One for each part.
        optional: Parts without which events are still accepted and stored.
    """

    def __init__(self, probes: Mapping[Name, Probe], optional: frozenset[Name]) -> None:
        self._probes = probes
        self._optional = optional
        self._since: dict[Name, tuple[Status, datetime]] = {}
        self._latest = Refreshed(self.probe_all, MAX_AGE_SECONDS)

    async def probe(self) -> Health:
        """The state of this moment, at most a second old; never raises, never takes longer than the deadline."""
        return await self._latest.get()

    async def run(self) -> None:
        """Probe until cancelled, so that `since` is known to ten seconds."""
        await self._latest.repeat(REPEAT_SECONDS)

    async def close(self) -> None:
        """Probe no more."""
        await self._latest.end()

    async def probe_all(self) -> Health:
        """The state as it is found now."""
        findings = await asyncio.gather(*(examine(probe) for probe in self._probes.values()))
        now = datetime.now(UTC)
        found = [self._dependency(name, each, now) for name, each in zip(self._probes, findings, strict=True)]
        return Health(status=overall(found, self._optional), dependencies=found)

    def _dependency(self, name: Name, found: Finding, now: datetime) -> Dependency:
        status, since = self._since.get(name, (None, now))
        if status != found.status:
            since = now
        self._since[name] = (found.status, since)
        return Dependency(name=name, status=found.status, latency_ms=found.latency_ms, error=found.error, since=since)


async def examine(probe: Probe, deadline_seconds: float = DEADLINE_SECONDS) -> Finding:
    """Run one probe; whatever it does, there is a finding by the deadline."""
    task, started = asyncio.ensure_future(_run(probe)), time.monotonic()
    done, _ = await asyncio.wait({task}, timeout=deadline_seconds)
    if not done:
        # Not awaited: what a hanging server holds up may also hold up its own end.
        task.cancel()
        return Finding("down", None, f"no answer within {deadline_seconds:g} s")
    try:
        impaired = task.result()
    except PlatformError as error:
        return Finding("down", None, str(error))
    except Exception as error:
        # One probe's defect must not hide what the others found.
        log.exception("a health probe failed")
        return Finding("down", None, f"{type(error).__name__}: {error}")
    latency_ms = round((time.monotonic() - started) * 1_000, 3)
    return Finding("degraded" if impaired else "ok", latency_ms, impaired)


async def _run(probe: Probe) -> str | None:
    return await probe()


def overall(dependencies: list[Dependency], optional: frozenset[Name]) -> Status:
    """`down` where a part is down that is needed to accept or store events; `degraded` where another is not well."""
    if any(each.status == "down" and each.name not in optional for each in dependencies):
        return "down"
    return "ok" if all(each.status == "ok" for each in dependencies) else "degraded"
