"""Record values inside JSON: every byte can be restored."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.record_value_encoding import BASE64, JSON, NULL, EmbeddedValue, embed

_JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps(value).encode())


def restore(embedded: EmbeddedValue) -> bytes | None:
    """Return the value, decoded as the documentation of the encodings says."""
    if embedded.encoding == NULL:
        return None
    if embedded.encoding == JSON:
        return embedded.text
    text = json.loads(embedded.text)
    return base64.b64decode(text) if embedded.encoding == BASE64 else str(text).encode()


@given(st.none() | st.binary() | st.text().map(str.encode) | _JSON_TEXTS)
def test_every_byte_is_restored(value: bytes | None) -> None:
    """Any value is embedded as valid JSON, from which it can be restored."""
    embedded = embed(value)
    json.loads(embedded.text)
    assert restore(embedded) == value


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (None, "null"),
        (b"", "text"),
        (b' {"a": 1e400,\n"a":2} ', "json"),
        (b"null", "json"),
        (b"[" * 64 + b"]" * 64, "json"),
        (b"[" * 65 + b"]" * 65, "text"),
        (b'{"a": NaN}', "text"),
        ("Grüße".encode(), "text"),
        (b"\xef\xbb\xbf{}", "text"),
        (b"\xff\x00", "base64"),
        (b"\x00" * 100, "base64"),
        (b"[" * 100_000, "text"),
    ],
)
def test_encoding_is_the_most_readable_that_fits(value: bytes | None, encoding: str) -> None:
    """JSON stays as it is, text becomes a string, and anything for which a string is longer or impossible base64."""
    assert embed(value).encoding == encoding


def test_json_is_embedded_unchanged() -> None:
    """White space, repeated names and the digits of numbers stay the producer's own."""
    value = b'{ "n":1.10, "n":12345678901234567890 }'
    assert embed(value).text == value


def test_a_megabyte_of_control_characters_grows_by_a_third_only() -> None:
    """In a string each of them would take six characters."""
    assert len(embed(b"\x01" * 1_000_000).text) < 1_400_000
