"""The cursor of keyset pagination: where a page of dead letters ends, as text for the next request."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Sort key of the last dead letter of a page."""

    failed_at: datetime
    id: int


def encode(cursor: PageCursor) -> str:
    """The cursor as text: microseconds since 1970 and the id."""
    return f"{(cursor.failed_at - _EPOCH) // timedelta(microseconds=1)}-{cursor.id}"


def decode(text: str) -> PageCursor:
    """Parse the text that `encode` returned.

    Raises:
        ValueError: The text has another form, or its time is out of range.
    """
    match = _FORMAT.fullmatch(text)
    if match is None:
        raise ValueError("expected `next` of an earlier page")
    try:
        return PageCursor(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
    except OverflowError:
        raise ValueError("expected `next` of an earlier page") from None


def _validate(text: str) -> str:
    decode(text)
    return text


CursorText = Annotated[str, AfterValidator(_validate)]
"""Text that `decode` accepts."""
