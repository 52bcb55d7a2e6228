"""Responses about what became of requests and keys."""

from typing import Literal

from pydantic import Field

from event_platform.admin.responses.model import Count, ResponseModel

LookupState = Literal["stored", "dead", "unknown"]


class Fate(ResponseModel):
    """What became of an event."""

    state: LookupState = Field(description="`stored` takes precedence over `dead`.")
    id: str | None = Field(description="UUID of the stored row; for a duplicate, of the first request's row.")
    code: str | None = Field(description="Code of the newest dead letter; null if there is none.")
    stored_count: Count
    dead_count: Count


class RequestFate(Fate):
    """What became of a request."""

    request_id: str


class KeyFate(Fate):
    """What became of all events with an idempotency key; `id` is that of the newest row."""

    idempotency_key: str


class Fates(ResponseModel):
    """One result for each requested id or key, in the same order."""

    results: list[RequestFate] | list[KeyFate]
