"""Finds what Postgres would refuse in well-formed JSON, before it is asked to store it."""

import re
from typing import Any, Final

from event_platform.core import strict_json

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 400

# Digits as 0, so that a long number is a long run, and its exponent as e. Point and signs are left out; so is all that
# neither belongs to a number nor stands between two, which makes the rest short.
_NUMBER_SHAPES: Final = bytes(
    ord("0") if chr(i) in "0123456789" else ord("e") if chr(i) in "eE" else ord(" ") for i in range(256)
)
_NO_SHAPE: Final = bytes(i for i in range(256) if chr(i) not in "0123456789eE,:")
_LONG_RUN: Final = b"0" * (MAX_DIGITS + 1)
_LONG_EXPONENT: Final = b"0e000"

_DEEP_BYTES: Final = 2 * strict_json.MAX_DEPTH
"""Each level takes two brackets."""

# Inside JSON a backslash occurs in strings only, so an even number of them before \u0000 are escaped backslashes.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_SURROGATES: Final = re.compile(
    rb"(\\\\|\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def is_suspect(text: bytes) -> bool:
    """Whether ``text``, an event or a member of one, may hold something of the kind; False is certain, and cheap."""
    shapes = text.translate(_NUMBER_SHAPES, _NO_SHAPE)
    return (
        _LONG_EXPONENT in shapes
        or (len(shapes) > MAX_DIGITS and _LONG_RUN in shapes)
        or (b"\\" in text and rb"\u0000" in text)
        or (len(text) >= _DEEP_BYTES and text.count(b"{") + text.count(b"[") >= strict_json.MAX_DEPTH)
    )


def problems_of(event: bytes) -> list[str]:
    """What of ``event``, a well-formed JSON text in UTF-8, cannot be stored; one sentence each."""
    return [problem for problem in (_too_deep(event), _nul(event), _numbers(event)) if problem]


def replace_lone_surrogates(text: bytes) -> bytes:
    r"""``text`` with ``\ufffd`` for each escape that is half of a UTF-16 pair without its other half."""
    return _SURROGATES.sub(lambda match: match[1] or rb"\ufffd", text)


def _too_deep(event: bytes) -> str | None:
    try:
        strict_json.check_depth(event)
    except strict_json.TooDeepError as error:
        return str(error)
    return None


def _nul(event: bytes) -> str | None:
    return r"a string holds \u0000" if rb"\u0000" in event and _NUL.search(event) else None


def _numbers(event: bytes) -> str | None:
    """The precise and slow way: digits inside strings do not count."""
    found: list[str] = []

    def look(literal: str) -> Any:  # noqa: ANN401 - the parser's values are dropped
        problem = number_problem(literal)
        if problem:
            found.append(problem)

    # The depth was looked at already, and what is too deep is never stored.
    if not _too_deep(event):
        strict_json.parse(event, strict_json.decoder(number=look))
    return found[0] if found else None


def number_problem(literal: str) -> str | None:
    """Why the number ``literal`` is not stored, or None: its digits and its exponent are bounded."""
    mantissa, _, exponent = literal.lower().partition("e")
    if sum(character.isdigit() for character in mantissa) > MAX_DIGITS:
        return f"a number has more than {MAX_DIGITS} digits"
    digits = exponent.lstrip("+-").lstrip("0")
    if len(digits) > len(str(MAX_EXPONENT)) or int(digits or "0") > MAX_EXPONENT:
        return f"a number has an exponent beyond ±{MAX_EXPONENT}"
    return None
