"""Where a page of dead letters ends, as text for the next request."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class Position:
    """A dead letter's place in their order, which is by time and then by id."""

    failed_at: datetime
    id: int


def encode(position: Position) -> str:
    """Microseconds since 1970 and the id."""
    return f"{(position.failed_at - _EPOCH) // timedelta(microseconds=1)}-{position.id}"


def decode(text: str) -> Position:
    """The position that `encode` wrote.

    Raises:
        ValueError: It wrote no such text.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("expected `next` of an earlier page")
    try:
        return Position(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
    except OverflowError:
        raise ValueError("expected `next` of an earlier page") from None


def _checked(text: str) -> str:
    decode(text)
    return text


Cursor = Annotated[str, AfterValidator(_checked)]
"""Text that `decode` reads."""
