"""Dead letters carry every byte of what they were made from."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.original import render, restore

_JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps(value).encode())


@given(st.none() | st.binary() | st.text().map(str.encode) | _JSON_TEXTS)
def test_every_byte_comes_back(message: bytes | None) -> None:
    """Whatever the message was, it can be had back; and what is rendered is JSON."""
    original = render(message)
    json.loads(original.text)
    assert restore(original) == message


@pytest.mark.parametrize(
    ("message", "encoding"),
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
def test_encoding_is_the_most_readable_that_fits(message: bytes | None, encoding: str) -> None:
    """JSON as it is, text as a string, and base64 where text would be longer or is none."""
    assert render(message).encoding == encoding


def test_json_is_spliced_in_unchanged() -> None:
    """White space, repeated names and the digits of numbers are the producer's own."""
    message = b'{ "n":1.10, "n":12345678901234567890 }'
    assert render(message).text == message


def test_a_megabyte_of_control_characters_grows_by_a_third_only() -> None:
    """As text each would take six characters."""
    assert len(render(b"\x01" * 1_000_000).text) < 1_400_000
