"""Responses with counts: overview, top event types and series."""

from collections.abc import Mapping
from typing import Final

from pydantic import AwareDatetime, Field

from event_platform.admin.responses.model import Code, Count, ResponseModel

OUTCOME_FIELDS: Final[Mapping[str, str]] = {"stored": "stored", "duplicate": "duplicates", "dead": "dead"}
"""Fields of `Outcomes` by the outcome that the rollups store."""


class Outcomes(ResponseModel):
    """Number of events by outcome."""

    stored: Count = Field(description="Stored as new events.")
    duplicates: Count = Field(description="Recognised as duplicates of a stored event.")
    dead: Count = Field(description="Dead-lettered.")


class RatedOutcomes(Outcomes):
    """Number of events by outcome, and their rate."""

    per_minute: float = Field(ge=0, description="Average per minute of all three together.")


class NamedTypeCount(ResponseModel):
    """How many events an event type has."""

    event_type: str
    count: Count


class TypeCount(ResponseModel):
    """How many events an event type has, or all types that are not counted by name."""

    event_type: str | None = Field(
        description="null: all types beyond the 200 that are counted by name for each tenant and hour."
    )
    count: Count


class CodeCount(ResponseModel):
    """How many dead letters have a code."""

    code: Code
    count: Count


class Overview(ResponseModel):
    """The platform at a glance."""

    as_of: AwareDatetime
    last_minute: Outcomes = Field(description="By time of processing, at least the last 60 s, at most 10 s more.")
    last_5_minutes: RatedOutcomes = Field(
        description="By time of processing, at least the last 300 s, at most 10 s more."
    )
    today: Outcomes = Field(description="Since midnight UTC, by time of processing.")
    top_type_today: NamedTypeCount | None = Field(
        description="The most frequent event type received since midnight UTC."
    )
    dead_by_code: list[CodeCount] = Field(description="Dead letters that are kept, the most frequent code first.")
    dead_total: Count = Field(description="Dead letters that are kept.")


class TopEventTypes(ResponseModel):
    """Event types by number of events received, most frequent first."""

    since: AwareDatetime = Field(
        description="Where counting starts: the given time, rounded down to the minute, or beyond two days to the hour."
    )
    types: list[TypeCount]


class SeriesPoint(Outcomes):
    """One bucket of a series."""

    at: AwareDatetime = Field(description="Start of the bucket.")


class Series(ResponseModel):
    """Outcomes over time, by time of processing; the last bucket is still filling, and empty buckets have zeros."""

    bucket_seconds: int = Field(description="10, 30, 60 or 120; 3600 beyond four hours.")
    points: list[SeriesPoint] = Field(description="Oldest first.")
