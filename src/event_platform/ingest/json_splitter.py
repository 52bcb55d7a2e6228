"""Splits a JSON object or array into the raw bytes of its parts, without decoding them."""

import json
import re
from typing import Final

import msgspec
from msgspec import Raw

from event_platform.core.strict_json import STRING_PATTERN, InvalidJsonError, TooDeepError, parse

_PARSER_DEPTH: Final = 500
"""Levels of nesting that Python's own parser reads without running out of stack."""

# Adjacent brackets are one token, because a deep text consists mostly of them.
_STRING_OR_BRACKETS: Final = re.compile(STRING_PATTERN + rb"|[\[{]++|[\]}]++", re.DOTALL)
_TOKEN: Final = re.compile(_STRING_OR_BRACKETS.pattern + rb"|,", re.DOTALL)
_MEMBER: Final = re.compile(rb"\s*(" + STRING_PATTERN + rb")\s*:(.*)", re.DOTALL)

_decode_members: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_elements: Final = msgspec.json.Decoder(list[Raw]).decode


class _ValidatedJson(bytes):
    """Part of a text that is known to be JSON and need not be validated again."""


def split_object(text: bytes) -> dict[str, bytes]:
    """Return the values of the object ``text`` by name; of repeated names the last one counts.

    Raises:
        InvalidJsonError: ``text`` is not strict JSON.
        TypeError: ``text`` is JSON, but not an object.
    """
    try:
        return {name: bytes(value) for name, value in _decode_members(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return dict(_member(part) for part in _parts(text, b"{", b"}"))


def split_array(text: bytes) -> list[bytes]:
    """Return the elements of the array ``text``.

    Raises:
        InvalidJsonError: ``text`` is not strict JSON.
        TypeError: ``text`` is JSON, but not an array.
    """
    try:
        return [bytes(value) for value in _decode_elements(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [_ValidatedJson(part.strip()) for part in _parts(text, b"[", b"]")]


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """Split at the commas of the outermost level; for JSON that msgspec rejects (deep, or with lone surrogates)."""
    if not isinstance(text, _ValidatedJson):
        _check(text)
    inner = text.strip()
    if not (inner.startswith(opening) and inner.endswith(closing)):
        raise TypeError
    inner = inner[1:-1]
    return _between_commas(inner) if inner.strip() else []


def _between_commas(inner: bytes) -> list[bytes]:
    level, start, parts = 0, 0, []
    for match in _TOKEN.finditer(inner):
        first = match[0][0]
        if first in b"[{":
            level += len(match[0])
        elif first in b"]}":
            level -= len(match[0])
        elif first in b"," and level == 0:
            parts.append(inner[start : match.start()])
            start = match.end()
    return [*parts, inner[start:]]


def _check(text: bytes) -> None:
    """Raise `InvalidJsonError` unless ``text`` is JSON of any depth."""
    try:
        parse(text, max_depth=_PARSER_DEPTH)
    except TooDeepError:
        _check_deep(text)


def _check_deep(text: bytes) -> None:
    """Check slices of `_PARSER_DEPTH` levels one by one, innermost first; a 0 takes the place of a checked slice."""
    outer: list[list[bytes]] = []
    pieces: list[bytes] = []
    level = start = 0
    for match in _STRING_OR_BRACKETS.finditer(text):
        first, count = match[0][0], len(match[0])
        if first in b"[{":
            for nth in range(_PARSER_DEPTH - level % _PARSER_DEPTH, count + 1, _PARSER_DEPTH):
                at = match.start() + nth - 1
                pieces.append(text[start:at])
                outer.append(pieces)
                pieces, start = [], at
            level += count
        elif first in b"]}":
            for nth in range(level % _PARSER_DEPTH + 1, count + 1, _PARSER_DEPTH):
                if not outer:
                    break
                end = match.start() + nth
                parse(b"".join((*pieces, text[start:end])), max_depth=_PARSER_DEPTH)
                pieces, start = outer.pop(), end
                pieces.append(b"0")
            level -= count
    if outer:
        raise InvalidJsonError("arrays or objects are not closed")
    parse(b"".join((*pieces, text[start:])), max_depth=_PARSER_DEPTH)


def _member(part: bytes) -> tuple[str, bytes]:
    match = _MEMBER.fullmatch(part)
    if match is None:
        raise InvalidJsonError("a member of an object has no name")
    return str(json.loads(match[1])), _ValidatedJson(match[2].strip())
