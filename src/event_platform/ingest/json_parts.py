"""The parts of a JSON object or array as their own bytes, without reading what is in them."""

import json
import re
from typing import Final

import msgspec
from msgspec import Raw

from event_platform.core.strict_json import InvalidJsonError, TooDeepError, parse

_READABLE_DEPTH: Final = 500
"""Python's own parser follows so many levels without running out of stack."""

# Brackets in a row are one token: a deep text is mostly such rows.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]++|[\]}]++|,', re.DOTALL)
_STRING_OR_BRACKETS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]++|[\]}]++', re.DOTALL)
_MEMBER: Final = re.compile(rb'\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*:(.*)', re.DOTALL)

_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_elements = msgspec.json.Decoder(list[Raw]).decode


class _Checked(bytes):
    """A part of a text that is known to be JSON, so that it need not be looked through again."""


def members(text: bytes) -> dict[str, bytes]:
    """The values of the object ``text`` by their names; of repeated names the last counts.

    Raises:
        InvalidJsonError: ``text`` is no strict JSON.
        TypeError: It is JSON, but no object.
    """
    try:
        return {name: bytes(value) for name, value in _decode_members(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return dict(_member(part) for part in _parts(text, b"{", b"}"))


def elements(text: bytes) -> list[bytes]:
    """The elements of the array ``text``; raises as `members` does."""
    try:
        return [bytes(value) for value in _decode_elements(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [_Checked(part.strip()) for part in _parts(text, b"[", b"]")]


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """What stands between the commas of the outermost level: for what msgspec does not read (deep, lone surrogates)."""
    if not isinstance(text, _Checked):
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
    """Raise `InvalidJsonError` unless ``text`` is JSON, however deep."""
    try:
        parse(text, max_depth=_READABLE_DEPTH)
    except TooDeepError:
        _check_deep(text)


def _check_deep(text: bytes) -> None:
    """Read what stands at each so-manieth level by itself, the innermost first, with a 0 in its place further out."""
    outer: list[list[bytes]] = []
    pieces: list[bytes] = []
    level = start = 0
    for match in _STRING_OR_BRACKETS.finditer(text):
        first, count = match[0][0], len(match[0])
        if first in b"[{":
            for nth in range(_READABLE_DEPTH - level % _READABLE_DEPTH, count + 1, _READABLE_DEPTH):
                at = match.start() + nth - 1
                pieces.append(text[start:at])
                outer.append(pieces)
                pieces, start = [], at
            level += count
        elif first in b"]}":
            for nth in range(level % _READABLE_DEPTH + 1, count + 1, _READABLE_DEPTH):
                if not outer:
                    break
                end = match.start() + nth
                parse(b"".join((*pieces, text[start:end])), max_depth=_READABLE_DEPTH)
                pieces, start = outer.pop(), end
                pieces.append(b"0")
            level -= count
    if outer:
        raise InvalidJsonError("arrays or objects are not closed")
    parse(b"".join((*pieces, text[start:])), max_depth=_READABLE_DEPTH)


def _member(part: bytes) -> tuple[str, bytes]:
    match = _MEMBER.fullmatch(part)
    if match is None:
        raise InvalidJsonError("a member of an object has no name")
    return str(json.loads(match[1])), _Checked(match[2].strip())
