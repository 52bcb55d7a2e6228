"""A message's original bytes as a JSON value that gives every one of them back."""

import base64
import json
from typing import Final

import msgspec

from event_platform.core import strict_json
from event_platform.core.errors import InvalidInputError

_STRING: Final = json.JSONEncoder(ensure_ascii=False).encode


class Original(msgspec.Struct, frozen=True):
    """What stands in a dead letter as ``original`` and ``original_encoding``.

    Attributes:
        json: A JSON text: the message itself, a string, or ``null``.
        encoding: ``json``: `json` is the message, byte for byte. ``text``: the string is. ``base64``: the string is
            its bytes. ``null``: there was no message value.
    """

    json: bytes
    encoding: str


def render(message: bytes | None) -> Original:
    """``message`` as JSON where it is strict JSON of at most 64 levels; else as text unless base64 is shorter."""
    if message is None:
        return Original(b"null", "null")
    if _is_json(message):
        return Original(message, "json")
    encoded = b'"%b"' % base64.b64encode(message)
    text = _as_string(message)
    return Original(encoded, "base64") if text is None or len(text) > len(encoded) else Original(text, "text")


def _is_json(message: bytes) -> bool:
    try:
        strict_json.parse(message)
    except InvalidInputError:
        return False
    return True


def _as_string(message: bytes) -> bytes | None:
    try:
        return _STRING(message.decode()).encode()
    except UnicodeDecodeError:
        return None


def restore(original: Original) -> bytes | None:
    """The message that `render` was given."""
    match original.encoding:
        case "json":
            return original.json
        case "text":
            text: str = json.loads(original.json)
            return text.encode()
        case "base64":
            return base64.b64decode(json.loads(original.json))
        case _:
            return None
