"""Strict JSON (RFC 8259): without the extensions that Python's parser accepts, and with a limit on nesting."""

import json
import re
from array import array
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final, NoReturn

from event_platform.core.errors import InvalidInputError

MAX_DEPTH: Final = 64
"""Nested arrays and objects in an event; the outermost object is level 1."""

# The closing quote is optional: an unterminated string matches up to the end of the text, because searching for its
# end again from every later quote would take quadratic time. The possessive quantifiers prevent backtracking.
STRING_PATTERN: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
"""A string of a JSON text, as the pattern of a regular expression with `re.DOTALL`."""

_STRING: Final = re.compile(STRING_PATTERN, re.DOTALL)
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Maps an opening bracket to +1 and a closing one to -1, as signed bytes."""
_NO_BRACKET: Final = bytes(set(range(256)) - set(b"[{]}"))
_CHUNK_STEPS: Final = 4_096
"""Brackets counted at a time: text that is too deep usually is so near its beginning."""


class InvalidJsonError(InvalidInputError):
    """The bytes are not strict JSON in UTF-8."""


class TooDeepError(InvalidInputError):
    """The text is nested more deeply than allowed."""


def is_deeper(text: bytes, max_depth: int) -> bool:
    """Return whether arrays and objects in ``text`` are nested more than ``max_depth`` levels deep.

    Brackets inside strings do not count. For text that is not JSON the result is meaningless. Takes linear time for
    any input.
    """
    level, steps = 0, array("b", _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKET))
    for start in range(0, len(steps), _CHUNK_STEPS):
        levels = list(accumulate(steps[start : start + _CHUNK_STEPS], initial=level))
        if max(levels) > max_depth:
            return True
        level = levels[-1]
    return False


def count_opening_brackets(text: bytes) -> int:
    """Count opening brackets, in strings too; there are at most so many arrays and objects."""
    return text.count(b"{") + text.count(b"[")


def check_depth(text: bytes, max_depth: int = MAX_DEPTH) -> None:
    """Raise `TooDeepError` if ``text`` is nested more than ``max_depth`` levels deep."""
    # Counting brackets is a hundred times cheaper than tracking their nesting, and is enough for nearly every event.
    if count_opening_brackets(text) > max_depth and is_deeper(text, max_depth):
        raise TooDeepError(f"nested beyond {max_depth} levels")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"{name} is not JSON")


def decoder(
    *,
    number: Callable[[str], Any],
    members: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Callable[[str], Any]:
    """Return a strict JSON parser.

    Args:
        number: Converts each number from its literal, for example ``1e5``.
        members: Converts each object from its ordered pairs; the default makes a dict.
    """
    return json.JSONDecoder(
        object_pairs_hook=members, parse_float=number, parse_int=number, parse_constant=_refuse_constant
    ).decode


_keep_literals = decoder(number=str.encode)


def parse(body: bytes, decode: Callable[[str], Any] = _keep_literals, max_depth: int = MAX_DEPTH) -> Any:  # noqa: ANN401 - JSON is any value
    """Parse ``body``; numbers are returned as their literals in ``bytes`` unless ``decode`` converts them.

    Raises:
        InvalidJsonError: Not strict JSON, not UTF-8, or with a byte order mark (RFC 8259, sections 2 and 8.1).
        TooDeepError: Nested more than ``max_depth`` levels deep.
    """
    try:
        text = body.decode()
        # Decode first: nesting is defined for text only, so bytes that are no UTF-8 must be reported as such.
        check_depth(body, max_depth)
        return decode(text)
    except UnicodeDecodeError as error:
        raise InvalidJsonError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InvalidJsonError(f"{error.msg} at character {error.pos}") from error
