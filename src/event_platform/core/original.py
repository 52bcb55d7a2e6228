"""A raw message inside JSON, so that its bytes can always be had back."""

import base64
import json
from typing import Final

import msgspec

from event_platform.core import strict_json
from event_platform.core.errors import InvalidInputError

NULL: Final = "null"
JSON: Final = "json"
TEXT: Final = "text"
BASE64: Final = "base64"


class Original(msgspec.Struct, frozen=True):
    """A message's value as a JSON text, and how to read it."""

    text: bytes
    """To be spliced into a JSON document as it is."""
    encoding: str
    """``json``: the very bytes; ``text``: a string of their characters; ``base64``: a string; ``null``: no value."""


def render(value: bytes | None) -> Original:
    """``value`` in the first form that fits.

    ``json`` for strict JSON of at most 64 levels, else ``text`` for UTF-8 whose JSON string is no longer than base64
    would be, else ``base64``; ``null`` for a message without a value.
    """
    if value is None:
        return Original(b"null", NULL)
    if _is_json(value):
        return Original(value, JSON)
    encoded = base64.b64encode(value)
    text = _as_string(value)
    if text is not None and len(text) <= len(encoded) + 2:
        return Original(text, TEXT)
    return Original(b'"%b"' % encoded, BASE64)


def restore(original: Original) -> bytes | None:
    """The message's value, byte for byte."""
    if original.encoding == NULL:
        return None
    if original.encoding == JSON:
        return original.text
    text = json.loads(original.text)
    return base64.b64decode(text) if original.encoding == BASE64 else str(text).encode()


def _is_json(value: bytes) -> bool:
    try:
        strict_json.parse(value)
    except InvalidInputError:
        return False
    return True


def _as_string(value: bytes) -> bytes | None:
    try:
        return json.dumps(value.decode(), ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return None
