"""Which bodies have the same fingerprint."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.strict_json import InvalidJsonError, parse
from event_platform.ingest import fingerprint

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def digest(body: bytes) -> bytes:
    """Return the fingerprint of a body."""
    return fingerprint.digest(fingerprint.parse(body), body)


@given(value=VALUES)
def test_order_and_space(value: object) -> None:
    """White space, escapes and member order do not change the fingerprint."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        body = json.dumps(value).encode()
    other = json.dumps(value, sort_keys=True, indent=2).encode()
    assert digest(body) == digest(other)


@given(text=st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789.eE+-\\u tfn', max_size=30).map(str.encode))
def test_same_grammar(text: bytes) -> None:
    """The fast parser accepts exactly what the strict one accepts."""
    try:
        parse(text)
    except InvalidJsonError:
        with pytest.raises(InvalidJsonError):
            fingerprint.parse(text)
    else:
        digest(text)


@pytest.mark.parametrize(
    "bodies",
    [
        [b"1", b"1.0", b'"1"', b"1e0", b"10e-1"],
        [b"0", b"-0", b"0.0", b"-0.0"],
        [b"9" * 5_000, b"9" * 5_001],
        [b'"\\ud800"', b'"\\ud801"', b'"\\\\ud800"'],
        [b"[1,2]", b"[12]", b"[[1],2]", b'["1,2"]'],
        [b'{"a":{"b":1}}', b'{"a":1,"b":1}', b'[["a",1]]'],
    ],
)
def test_different(bodies: list[bytes]) -> None:
    """Numbers count as written, and different content has different fingerprints."""
    wrapped = [b'{"v":%b}' % body for body in bodies]
    assert len({digest(body) for body in wrapped}) == len(bodies)


def test_last_of_repeated_names() -> None:
    """Of repeated names the last counts, even where only the slow parser reads an earlier value."""
    assert digest(b'{"a":"\\ud800","a":1}') == digest(b'{"a":1}')
    assert digest(b'{"a":-0,"a":1}') == digest(b'{"a":1}')
    assert re.fullmatch(rb".{32}", digest(b"{}"), re.DOTALL)
