"""The response about the platform's health."""

from typing import Literal

from pydantic import AwareDatetime, Field

from event_platform.admin.responses.model import ResponseModel

DependencyName = Literal["postgres", "redis", "kafka", "ingest", "processor"]
HealthStatus = Literal["ok", "degraded", "down", "unknown"]
"""`unknown` if the status could not be determined, because of a defect in the probe."""


class Dependency(ResponseModel):
    """A dependency of the platform, as it was probed just now."""

    name: DependencyName
    status: HealthStatus
    latency_ms: float | None = Field(description="Duration of the probe; null if there was no answer.")
    error: str | None = Field(description="What is wrong; null if the status is `ok`.")
    since: AwareDatetime = Field(description="Since when it has had this status, as far as this process knows.")


class Health(ResponseModel):
    """The platform's status: `down` if events cannot be accepted or stored, `degraded` if a dependency is impaired."""

    status: HealthStatus
    dependencies: list[Dependency]
