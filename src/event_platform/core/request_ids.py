"""Request ids: ``req_`` and the UUID that is also the id of the stored row."""

import re
from typing import Final
from uuid import UUID

PREFIX: Final = "req_"

REQUEST_ID: Final = re.compile(rf"{PREFIX}([0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}})")
"""A request id as ingest writes it, in lower case; its only group is the UUID."""


def format_request_id(event_id: UUID) -> str:
    """Return the request id that a producer gets for the event ``event_id``."""
    return f"{PREFIX}{event_id}"


def parse_request_id(text: str) -> UUID | None:
    """Return the UUID in ``req_<uuid>``, or None if ``text`` has any other form."""
    match = REQUEST_ID.fullmatch(text)
    return UUID(match[1]) if match else None


def normalize_request_id(text: str) -> str:
    """Add the prefix to a bare UUID in either case; text that already has the prefix is returned unchanged."""
    return text if text.startswith(PREFIX) else f"{PREFIX}{text.lower()}"
