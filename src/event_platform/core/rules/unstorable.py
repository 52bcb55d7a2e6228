"""Finds what Postgres would refuse in well-formed JSON, before the transaction."""

import re
from typing import Any, Final

from event_platform.core import strict_json

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 400

# Maps digits to 0, so that a long number becomes a long run, and the exponent's letter to e. The point and signs are
# dropped, and so is whatever is neither part of a number nor between two, which keeps the result short.
_NUMBER_SHAPES: Final = bytes(
    ord("0") if chr(i) in "0123456789" else ord("e") if chr(i) in "eE" else ord(" ") for i in range(256)
)
_DROPPED_BYTES: Final = bytes(i for i in range(256) if chr(i) not in "0123456789eE,:")
_LONG_RUN: Final = b"0" * (MAX_DIGITS + 1)
_LONG_EXPONENT: Final = b"0e000"

_DEEP_BYTES: Final = 2 * strict_json.MAX_DEPTH
"""A level takes two brackets."""

# In JSON a backslash occurs only inside a string, so an even number of them before \u0000 are escaped backslashes.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_SURROGATES: Final = re.compile(
    rb"(\\\\|\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def may_be_unstorable(text: bytes) -> bool:
    """Whether ``text``, an event or a member of one, may hold something unstorable; False is certain.

    Runs for every event, so it only looks for bytes.
    """
    shapes = text.translate(_NUMBER_SHAPES, _DROPPED_BYTES)
    return (
        _LONG_EXPONENT in shapes
        or (len(shapes) > MAX_DIGITS and _LONG_RUN in shapes)
        or (b"\\" in text and rb"\u0000" in text)
        or (len(text) >= _DEEP_BYTES and text.count(b"{") + text.count(b"[") >= strict_json.MAX_DEPTH)
    )


def find_unstorable(event: bytes) -> list[str]:
    """What Postgres would refuse in ``event``, a well-formed JSON text in UTF-8; one sentence each."""
    return [found for found in (_find_excess_depth(event), _find_nul(event), _find_number(event)) if found]


def replace_lone_surrogates(text: bytes) -> bytes:
    r"""``text`` with ``\ufffd`` in place of each escaped half of a UTF-16 pair whose other half is missing."""
    return _SURROGATES.sub(lambda match: match[1] or rb"\ufffd", text)


def _find_excess_depth(event: bytes) -> str | None:
    try:
        strict_json.check_depth(event)
    except strict_json.TooDeepError as error:
        return str(error)
    return None


def _find_nul(event: bytes) -> str | None:
    return r"a string holds \u0000" if rb"\u0000" in event and _NUL.search(event) else None


def _find_number(event: bytes) -> str | None:
    """The first number that is out of bounds; parses, because digits inside strings do not count."""
    found: list[str] = []

    def check(literal: str) -> Any:  # noqa: ANN401 - the parser's values are dropped
        excess = find_excess(literal)
        if excess:
            found.append(excess)

    # An event that is too deep is reported for that, and the parser would refuse it.
    if not _find_excess_depth(event):
        strict_json.parse(event, strict_json.decoder(number=check))
    return found[0] if found else None


def find_excess(literal: str) -> str | None:
    """Which bound the number ``literal`` exceeds, that of its digits or that of its exponent; None if neither."""
    mantissa, _, exponent = literal.lower().partition("e")
    if sum(character.isdigit() for character in mantissa) > MAX_DIGITS:
        return f"a number has more than {MAX_DIGITS} digits"
    digits = exponent.lstrip("+-").lstrip("0")
    if len(digits) > len(str(MAX_EXPONENT)) or int(digits or "0") > MAX_EXPONENT:
        return f"a number has an exponent beyond ±{MAX_EXPONENT}"
    return None
