"""Fingerprint of a body: equal for bodies that differ only in member order and white space.

The fingerprint is the SHA-256 of a canonical text: members sorted by name, no white space, numbers by their literal,
and of repeated names the last. msgspec does all of it in C for nearly every body; JSON that it rejects (lone
surrogates, integers of thousands of digits) or would change (``-0``) goes through Python's own parser to the same
canonical text.
"""

import hashlib
import re
from typing import Any, Final

import msgspec
from msgspec import Raw

from event_platform.core import strict_json


def _literal(text: str) -> Raw:
    return Raw(text.encode())


_MINUS_ZERO: Final = re.compile(rb"-0[\s,\]}]")

_decode_fast: Final = msgspec.json.Decoder(float_hook=_literal).decode
_decode_any: Final = strict_json.decoder(number=_literal)
_decode_sorted: Final = strict_json.decoder(number=str.encode, members=lambda pairs: tuple(sorted(dict(pairs).items())))
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of ``body``; numbers that are not plain integers are their literals as `msgspec.Raw`.

    Raises:
        InvalidJsonError: ``body`` is not strict JSON.
        TooDeepError: ``body`` is nested beyond `strict_json.MAX_DEPTH`.
    """
    strict_json.check_depth(body)
    if not _MINUS_ZERO.search(body):
        try:
            return _decode_fast(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass  # The parser below finds what is wrong, or that nothing is.
    return strict_json.parse(body, _decode_any)


def digest(value: Any, body: bytes) -> bytes:  # noqa: ANN401 - JSON is any value
    """Return the 32-byte fingerprint of ``value``, which `parse` made of ``body``."""
    try:
        return hashlib.sha256(_encode(value)).digest()
    except UnicodeEncodeError:
        # Lone surrogates have no UTF-8; Python's notation of the sorted value is as unambiguous.
        return hashlib.sha256(repr(strict_json.parse(body, _decode_sorted)).encode()).digest()
