"""Parameters and request bodies of the API: the type, bounds and meaning of each."""

from typing import Annotated, Final, Self

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from event_platform.admin.queries.page_cursor import CursorText

MAX_SERIES_MINUTES: Final = 1_440
MAX_TYPES_MINUTES: Final = 366 * 1_440
MAX_PAGE_SIZE: Final = 100
MAX_LOOKUP_NAMES: Final = 1_000


def _without_nul(text: str) -> str:
    # Postgres' type text cannot hold it.
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=1_024), AfterValidator(_without_nul)]
"""An id, key or name that a producer can choose."""

Tenant = Annotated[Text, Query(description="The tenant's name.", examples=["tenant_a"])]
OptionalTenant = Annotated[Text | None, Query(description="Only of this tenant.", examples=["tenant_a"])]
EventId = Annotated[Text | None, Query(alias="eventId", description="As in the event; requires `tenant`.")]
RequestId = Annotated[
    Text | None,
    Query(
        alias="requestId",
        description="As returned by ingest, with or without `req_`; for a duplicate, the first event is returned.",
    ),
]
IdempotencyKey = Annotated[Text, Query(alias="idempotencyKey", description="As sent by the producer.")]
SinceMinutes = Annotated[
    int, Query(alias="sinceMinutes", ge=1, le=MAX_TYPES_MINUTES, description="How far to look back, in minutes.")
]
SeriesMinutes = Annotated[int, Query(ge=1, le=MAX_SERIES_MINUTES, description="How far to look back, in minutes.")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Maximum number of dead letters.")]
DeadLetterCode = Annotated[
    str | None,
    Query(pattern="^[A-Z_]{1,64}$", description="Only with this code.", examples=["VALIDATION_FAILED"]),
]
Before = Annotated[
    CursorText | None, Query(description="`next` of the previous page.", examples=["1764000000000000-42"])
]


class LookupRequest(BaseModel):
    """Request ids or idempotency keys of one tenant; exactly one of the lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: Text
    request_ids: list[Text] | None = Field(None, min_length=1, max_length=MAX_LOOKUP_NAMES)
    idempotency_keys: list[Text] | None = Field(None, min_length=1, max_length=MAX_LOOKUP_NAMES)

    @model_validator(mode="after")
    def _exactly_one_list(self) -> Self:
        if (self.request_ids is None) == (self.idempotency_keys is None):
            raise ValueError("expected either request_ids or idempotency_keys")
        return self
