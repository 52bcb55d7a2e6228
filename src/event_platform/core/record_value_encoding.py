"""The value of any Kafka record embedded in a JSON document, restorable byte for byte."""

import base64
import json
from dataclasses import dataclass
from typing import Final

from event_platform.core import strict_json
from event_platform.core.errors import InvalidInputError

NULL: Final = "null"
JSON: Final = "json"
TEXT: Final = "text"
BASE64: Final = "base64"


@dataclass(frozen=True, slots=True)
class EmbeddedValue:
    """A record value as JSON text, with its encoding."""

    text: bytes
    """JSON that is spliced into a document as it is."""
    encoding: str
    """``json``: the value itself; ``text``: a string of its characters; ``base64``: a string; ``null``: no value."""


def embed(value: bytes | None) -> EmbeddedValue:
    """Encode ``value`` in the most readable form that fits.

    ``json`` for strict JSON of at most 64 levels, else ``text`` for UTF-8 whose JSON string is no longer than base64
    would be, else ``base64``; ``null`` for a record without a value.
    """
    if value is None:
        return EmbeddedValue(b"null", NULL)
    if _is_json(value):
        return EmbeddedValue(value, JSON)
    encoded = base64.b64encode(value)
    text = _as_json_string(value)
    if text is not None and len(text) <= len(encoded) + 2:
        return EmbeddedValue(text, TEXT)
    return EmbeddedValue(b'"%b"' % encoded, BASE64)


def _is_json(value: bytes) -> bool:
    try:
        strict_json.parse(value)
    except InvalidInputError:
        return False
    return True


def _as_json_string(value: bytes) -> bytes | None:
    try:
        return json.dumps(value.decode(), ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return None
