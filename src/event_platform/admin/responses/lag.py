"""The response about the processor's lag."""

from pydantic import AwareDatetime, Field

from event_platform.admin.responses.model import Count, ResponseModel


class PartitionLag(ResponseModel):
    """How far the processor is behind in one partition of the raw topic; null: unknown."""

    partition: Count
    committed: int | None = Field(
        description="The consumer group's committed offset; the oldest offset kept if nothing was committed yet."
    )
    end: int | None = Field(description="The offset that the next record will get.")
    lag: int | None = Field(ge=0, description="Records between the two.")
    member: str | None = Field(description="The member that reads the partition; null: it is not assigned.")


class Lag(ResponseModel):
    """How far the processor is behind. What is unknown is null, and `error` says why."""

    as_of: AwareDatetime
    total: int | None = Field(ge=0, description="Events to be processed.")
    trend_per_second: float | None = Field(description="Rate at which `total` grows; negative if it falls.")
    oldest_age_seconds: float | None = Field(
        ge=0, description="How long the oldest of them has waited; null if none waits."
    )
    drain_seconds: float | None = Field(
        ge=0, description="Time until none waits at this rate; null if the lag does not fall."
    )
    members: int | None = Field(ge=0, description="Processor workers in the consumer group.")
    partitions: list[PartitionLag]
    error: str | None
