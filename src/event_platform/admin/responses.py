"""What the admin API answers: the shapes of the design's table, documented once, for code, ``/docs`` and the dashboard.

Names are snake_case and times RFC 3339 in UTC with ``Z``.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

Count = Annotated[int, Field(ge=0)]
Code = Annotated[str, Field(description="Why: one of the dead-letter codes.", examples=["VALIDATION_FAILED"])]


class Response(BaseModel):
    """An answer, or a part of one; every member is always there."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Outcomes(Response):
    """How many messages had which outcome."""

    stored: Count = Field(description="Stored as new events.")
    duplicates: Count = Field(description="Recognised as the duplicate of a stored event.")
    dead: Count = Field(description="Became dead letters.")


class RatedOutcomes(Outcomes):
    """The same with their rate."""

    per_minute: float = Field(ge=0, description="All three together, a minute.")


class NamedTypeCount(Response):
    """How often an event type came."""

    event_type: str
    count: Count


class TypeCount(Response):
    """How often an event type came, or all that are not counted by name."""

    event_type: str | None = Field(description="null: all beyond the 200 of a tenant and hour that have their name.")
    count: Count


class CodeCount(Response):
    """How many dead letters have a code."""

    code: Code
    count: Count


class Overview(Response):
    """The platform at a glance."""

    as_of: AwareDatetime
    last_minute: Outcomes = Field(description="By time of processing, at least the last 60 s, at most 10 s more.")
    last_5_minutes: RatedOutcomes = Field(description="The same for 300 s.")
    today: Outcomes = Field(description="Since midnight UTC, by time of processing.")
    top_type_today: NamedTypeCount | None = Field(description="The commonest type received since midnight UTC.")
    dead_by_code: list[CodeCount] = Field(description="Dead letters that are kept, the commonest code first.")
    dead_total: Count = Field(description="Dead letters that are kept.")


class TopEventTypes(Response):
    """Event types by how many events of each were received, most first."""

    since: AwareDatetime = Field(
        description="Where counting really starts: the minute, or beyond two days the hour, in which the time lies."
    )
    types: list[TypeCount]


class StoredEvent(Response):
    """A row of the store."""

    id: str = Field(description="UUID of the row.")
    request_id: str = Field(description="What the producer was told: `req_` and the id.")
    tenant_id: str
    event_id: str
    idempotency_key: str
    event_type: str
    schema_version: int
    occurred_at: AwareDatetime = Field(description="As the producer said.")
    received_at: AwareDatetime = Field(description="When ingest took it.")
    processed_at: AwareDatetime = Field(description="When it was stored.")
    status: str
    payload: dict[str, JsonValue] = Field(description="As Postgres holds it, every digit of its numbers kept.")
    extensions: dict[str, JsonValue] | None = Field(description="Fields of the event beyond the contract's.")


class DeadLetterSource(Response):
    """The Kafka message that became a dead letter."""

    topic: str
    partition: Count
    offset: Count


class DeadLetter(Response):
    """A message that could not be stored, with its bytes."""

    id: str
    failed_at: AwareDatetime
    code: Code
    reason: str = Field(description="`CODE: detail`, every problem named.")
    tenant_id: str | None = Field(description="Null where it could not be read; the next three too.")
    event_id: str | None
    idempotency_key: str | None
    request_id: str | None
    source: DeadLetterSource
    original: JsonValue = Field(description="The whole message; `original_encoding` says how to read it.")
    original_encoding: Literal["json", "text", "base64", "null"] = Field(
        description="`json`: the value is the message. `text`: the string is. `base64`: the string is its bytes. "
        "`null`: the message had no value."
    )


class Found(Response):
    """What goes by an id or a key: events and dead letters, each newest first and at most 100."""

    events: list[StoredEvent]
    dead_letters: list[DeadLetter]
    truncated: bool = Field(description="There is more than is shown: over 100 of a kind, or over 8 MiB.")


class DeadLetterPage(Response):
    """Dead letters, newest first."""

    total: Count = Field(description="How many there are with this code and tenant.")
    dead_letters: list[DeadLetter]
    next: str | None = Field(description="Give it as `before` to get the next page; null on the last.")


class Dependency(Response):
    """A part that the platform needs, as it answered just now."""

    name: Literal["postgres", "redis", "kafka", "ingest", "processor"]
    status: Literal["ok", "degraded", "down"]
    latency_ms: float | None = Field(description="How long the probe took; null where nothing answered.")
    error: str | None = Field(description="What is wrong; null when `ok`.")
    since: AwareDatetime = Field(description="Since when it has this status, as far as this process knows.")


class Health(Response):
    """The platform's state: `down` when events cannot be accepted or stored, `degraded` when a part is impaired."""

    status: Literal["ok", "degraded", "down"]
    dependencies: list[Dependency]


class PartitionLag(Response):
    """How far the processor is behind in one partition of the raw topic. Null: unknown, or nothing of the kind."""

    partition: Count
    committed: int | None = Field(
        description="Where the consumer group goes on; where nothing was committed yet, the oldest message kept."
    )
    end: int | None = Field(description="The offset that the next message will get.")
    lag: int | None = Field(ge=0, description="Messages between the two.")
    member: str | None = Field(description="Who reads it; null: nobody.")


class Lag(Response):
    """How far the processor is behind. What is unknown is null, and `error` says why."""

    as_of: AwareDatetime
    total: int | None = Field(ge=0, description="Messages to be processed.")
    trend_per_second: float | None = Field(description="How fast that number grows; negative: it falls.")
    oldest_age_seconds: float | None = Field(
        ge=0, description="How long the oldest of them has waited; null: none waits."
    )
    drain_seconds: float | None = Field(ge=0, description="Until none waits, if it goes on falling like this.")
    members: int | None = Field(ge=0, description="Processor workers in the consumer group.")
    partitions: list[PartitionLag]
    error: str | None


class SeriesPoint(Outcomes):
    """One bucket of a series."""

    at: AwareDatetime = Field(description="The bucket's start.")


class Series(Response):
    """Outcomes over time, by time of processing; the last bucket is still filling, empty ones are there with zeros."""

    bucket_seconds: int = Field(description="10, 30, 60 or 120; 3600 beyond four hours.")
    points: list[SeriesPoint] = Field(description="Oldest first.")


class Fate(Response):
    """What became of an event."""

    state: Literal["stored", "dead", "unknown"] = Field(description="`stored` wins over `dead`.")
    id: str | None = Field(description="UUID of the stored row, of the first one where the request was a duplicate.")
    code: str | None = Field(description="Of the newest dead letter; null where there is none.")
    stored_count: Count
    dead_count: Count


class RequestFate(Fate):
    """The fate of a request."""

    request_id: str


class KeyFate(Fate):
    """The fate of all events with an idempotency key; of the row's id, the newest."""

    idempotency_key: str


class Fates(Response):
    """One result for each id or key that was asked for, in that order."""

    results: list[RequestFate] | list[KeyFate]


class Problem(Response):
    """What went wrong."""

    code: str = Field(examples=["INVALID_PARAMETER"])
    message: str


class ErrorResponse(Response):
    """Every answer that is no success."""

    error: Problem
