"""What may be asked of the admin API: each parameter's type, bounds and meaning."""

from typing import Annotated, Self

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from event_platform.admin.queries.page_cursor import Cursor

MAX_SERIES_MINUTES = 1_440
MAX_TYPES_MINUTES = 366 * 1_440
MAX_DEAD_LETTERS = 100
MAX_LOOKUP = 1_000


def _without_nul(text: str) -> str:
    # Postgres' text cannot hold it.
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=1_024), AfterValidator(_without_nul)]
"""An id, key or name as a producer may have chosen it."""

Tenant = Annotated[Text, Query(description="The tenant's name.", examples=["tenant_a"])]
OptionalTenant = Annotated[Text | None, Query(description="Only this tenant's.", examples=["tenant_a"])]
EventId = Annotated[Text | None, Query(alias="eventId", description="As in the event; `tenant` must be given.")]
RequestId = Annotated[
    Text | None,
    Query(
        alias="requestId", description="As answered by ingest, with or without `req_`; a duplicate's finds the first."
    ),
]
IdempotencyKey = Annotated[Text, Query(alias="idempotencyKey", description="As sent by the producer.")]
SinceMinutes = Annotated[
    int, Query(alias="sinceMinutes", ge=1, le=MAX_TYPES_MINUTES, description="How far to look back, in minutes.")
]
SeriesMinutes = Annotated[int, Query(ge=1, le=MAX_SERIES_MINUTES, description="How far to look back, in minutes.")]
PageSize = Annotated[int, Query(ge=1, le=MAX_DEAD_LETTERS, description="How many dead letters at most.")]
DeadLetterCode = Annotated[
    str | None,
    Query(pattern="^[A-Z_]{1,64}$", description="Only with this code.", examples=["VALIDATION_FAILED"]),
]
Before = Annotated[Cursor | None, Query(description="`next` of the page before.", examples=["1764000000000000-42"])]


class LookupRequest(BaseModel):
    """Request ids or idempotency keys of one tenant; exactly one of the lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: Text
    request_ids: list[Text] | None = Field(None, min_length=1, max_length=MAX_LOOKUP)
    idempotency_keys: list[Text] | None = Field(None, min_length=1, max_length=MAX_LOOKUP)

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.request_ids is None) == (self.idempotency_keys is None):
            raise ValueError("expected either request_ids or idempotency_keys")
        return self
