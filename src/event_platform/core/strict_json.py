"""JSON as RFC 8259 has it: nothing Python's parser lets through beyond it, and a bound on nesting."""

import json
import re
from array import array
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

from event_platform.core.errors import InvalidInputError

MAX_DEPTH = 64
"""Levels of arrays and objects in an event; the outermost object is level 1."""

# Without its closing quote a string runs to the end: looking for the quote again from each later one would take
# quadratic time. The possessive quantifiers never give back what they took.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""A bracket that opens is a step up, one that closes a step down, both as signed bytes."""
_NO_BRACKET = bytes(set(range(256)) - set(b"[{]}"))
_STEPS_AT_ONCE = 4_096
"""A text that is too deep is mostly so at its beginning."""


class InvalidJsonError(InvalidInputError):
    """The bytes are no strict JSON text in UTF-8."""


class TooDeepError(InvalidInputError):
    """The text is nested beyond the allowed number of levels."""


def is_deeper(text: bytes, max_depth: int) -> bool:
    """Whether arrays and objects in ``text`` are nested beyond ``max_depth`` levels.

    Brackets inside strings do not count. Of text that is no JSON the answer means nothing, but comes in linear time.
    """
    level, steps = 0, array("b", _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKET))
    for start in range(0, len(steps), _STEPS_AT_ONCE):
        levels = list(accumulate(steps[start : start + _STEPS_AT_ONCE], initial=level))
        if max(levels) > max_depth:
            return True
        level = levels[-1]
    return False


def opening_brackets(text: bytes) -> int:
    """How many there are, in strings too: at least as many as there are arrays and objects."""
    return text.count(b"{") + text.count(b"[")


def check_depth(text: bytes, max_depth: int = MAX_DEPTH) -> None:
    """Raise `TooDeepError` where ``text`` is nested beyond ``max_depth`` levels."""
    # Counting brackets is a hundred times cheaper than following them, and settles nearly every event.
    if opening_brackets(text) > max_depth and is_deeper(text, max_depth):
        raise TooDeepError(f"nested beyond {max_depth} levels")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"{name} is not JSON")


def decoder(
    *,
    number: Callable[[str], Any],
    members: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Callable[[str], Any]:
    """A strict parser of text that passes the literal of each number through ``number``.

    Args:
        number: Called with each number as it is written, ``1e5`` say.
        members: Called with each object's pairs in their order; a dict is made where it is not given.
    """
    return json.JSONDecoder(
        object_pairs_hook=members, parse_float=number, parse_int=number, parse_constant=_refuse_constant
    ).decode


_keep_literals = decoder(number=str.encode)


def parse(body: bytes, decode: Callable[[str], Any] = _keep_literals, max_depth: int = MAX_DEPTH) -> Any:  # noqa: ANN401 - JSON is any value
    """The value of ``body``; numbers are their literals as ``bytes`` unless ``decode`` makes something else of them.

    Raises:
        InvalidJsonError: No strict JSON, not UTF-8, or with a byte order mark (RFC 8259, sections 2 and 8.1).
        TooDeepError: Nested beyond ``max_depth``.
    """
    try:
        text = body.decode()
        # Only of text does the nesting mean anything.
        check_depth(body, max_depth)
        return decode(text)
    except UnicodeDecodeError as error:
        raise InvalidJsonError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InvalidJsonError(f"{error.msg} at character {error.pos}") from error
