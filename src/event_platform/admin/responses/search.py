"""Responses with events and dead letters."""

from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from event_platform.admin.responses.model import Code, Count, ResponseModel


class StoredEvent(ResponseModel):
    """A row of `events`."""

    id: str = Field(description="UUID of the row.")
    request_id: str = Field(description="As ingest returned it to the producer: `req_` and the id.")
    tenant_id: str
    event_id: str
    idempotency_key: str
    event_type: str
    schema_version: int
    occurred_at: AwareDatetime = Field(description="As given by the producer.")
    received_at: AwareDatetime = Field(description="When ingest received it.")
    processed_at: AwareDatetime = Field(description="When the processor stored it.")
    status: str
    payload: dict[str, JsonValue] = Field(description="As Postgres holds it, with every digit of its numbers.")
    extensions: dict[str, JsonValue] | None = Field(description="Fields of the event beyond the contract's.")


class DeadLetterSource(ResponseModel):
    """The Kafka record that was dead-lettered."""

    topic: str
    partition: Count
    offset: Count


class DeadLetter(ResponseModel):
    """A Kafka record that could not be stored, with its bytes."""

    id: str
    failed_at: AwareDatetime
    code: Code
    reason: str = Field(description="`CODE: detail`, naming every problem.")
    tenant_id: str | None = Field(
        description="null if the record does not have it or it cannot be read; the same holds for the next three."
    )
    event_id: str | None
    idempotency_key: str | None
    request_id: str | None
    source: DeadLetterSource
    original: JsonValue = Field(description="The value of the record; `original_encoding` says how to read it.")
    original_encoding: Literal["json", "text", "base64", "null"] = Field(
        description="`json`: the value as JSON. `text`: a string with the value's text. "
        "`base64`: a string with its bytes. `null`: the record had no value."
    )


class Found(ResponseModel):
    """Events and dead letters with an id or key, each newest first and at most 100."""

    events: list[StoredEvent]
    dead_letters: list[DeadLetter]
    truncated: bool = Field(description="Whether there are more: over 100 of a kind, or over 8 MiB.")


class DeadLetterPage(ResponseModel):
    """A page of dead letters, newest first."""

    total: Count = Field(description="How many dead letters have this code and tenant.")
    dead_letters: list[DeadLetter]
    next: str | None = Field(description="Pass it as `before` to get the next page; null on the last page.")
