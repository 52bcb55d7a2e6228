"""Strict JSON: what RFC 8259 allows and nothing else, with limited nesting and in linear time."""

import json
import time
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.strict_json import (
    MAX_DEPTH,
    InvalidJsonError,
    TooDeepError,
    check_depth,
    decoder,
    is_deeper,
    parse,
)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
as_python = decoder(number=json.loads)


def nested_levels(value: Json) -> int:
    """Return the nesting of a value by walking it, independently of `is_deeper`."""
    if isinstance(value, dict):
        return 1 + max(map(nested_levels, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(nested_levels, value), default=0)
    return 0


@given(values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_all_json_is_parsed(value: Json, ascii_only: bool, indent: int | str | None) -> None:  # noqa: FBT001 - drawn by Hypothesis
    """Whatever an encoder writes is parsed to the same value, with any layout."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text.encode(), as_python) == value


@given(values)
def test_depth_is_the_nesting_of_the_value(value: Json) -> None:
    """Brackets inside strings do not count."""
    text, levels = json.dumps(value).encode(), nested_levels(value)
    assert not is_deeper(text, levels)
    assert levels == 0 or is_deeper(text, levels - 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    """No input raises any error but the two documented ones."""
    try:
        parse(body)
    except (InvalidJsonError, TooDeepError):
        return


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"NaN",
        b"[Infinity]",
        b'{"a":-Infinity}',
        b"{'a':1}",
        b'{"a":1,}',
        b"[1,]",
        b"[01]",
        b"[+1]",
        b"[1.]",
        b"[.5]",
        b"[0x1]",
        "[१]".encode(),
        b'"\t"',
        b'"\x00"',
        b'"\\x41"',
        b'"open',
        b"{} {}",
        b"// no\n{}",
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\x0b{}",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Extensions of other parsers are refused: constants, comments, commas, control characters, other encodings."""
    with pytest.raises(InvalidJsonError):
        parse(body)


@pytest.mark.parametrize(
    "literal", [b"1", b"1.0", b"1e400", b"-0", b"0.1000000000000000000000000001", b"9" * 5_000, b"1E+2"]
)
def test_numbers_keep_their_digits(literal: bytes) -> None:
    """Numbers are returned as written, so nothing is rounded and 1 differs from 1.0."""
    assert parse(b'{"n":' + literal + b"}") == {"n": literal}


def test_strings_are_not_numbers() -> None:
    """A number's literal differs from a string with the same characters."""
    assert parse(b'[1,"1"]') == [b"1", "1"]


def test_members_keep_order_and_repeats() -> None:
    """With ``members`` an object's pairs are passed in order, including repeated names."""
    pairs = decoder(number=int, members=tuple)
    assert parse(b'{"b":1,"a":2,"b":3}', pairs) == (("b", 1), ("a", 2), ("b", 3))


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_bounded_at_64_levels(opening: bytes) -> None:
    """64 levels are parsed; 65 and 100,000 are refused before they are parsed."""
    closing = b"]" if opening == b"[" else b"}"
    assert parse(opening * (MAX_DEPTH - 1) + opening[:1] + closing[:1] + closing * (MAX_DEPTH - 1))
    for levels in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(TooDeepError, match="nested beyond 64 levels"):
            parse(opening * levels)


def test_wide_is_not_deep() -> None:
    """Many brackets side by side, or in a string, are no nesting."""
    check_depth(b"[" + b"[]," * 1_000 + b"[]]")
    check_depth(b'["' + b"[" * 1_000 + b'\\"{"]')
    with pytest.raises(TooDeepError):
        check_depth(b'["\\\\"' + b"[" * MAX_DEPTH)


@pytest.mark.parametrize("filling", [b'\\"', b"\\", b'"', b'""[', b'"\\"['])
def test_hostile_text_takes_linear_time(filling: bytes) -> None:
    """64 KiB that would be slow in quadratic time take milliseconds."""
    body = b"[" * (MAX_DEPTH + 1) + b'"' + filling * (65_536 // len(filling))
    started = time.process_time()
    is_deeper(body, len(body))
    assert time.process_time() - started < 1.0


def test_errors_say_where() -> None:
    """The message says what is wrong and at which position."""
    with pytest.raises(InvalidJsonError, match="not UTF-8 at byte 2"):
        parse(b'["\xff"]')
    with pytest.raises(InvalidJsonError, match="at character 1"):
        parse(b"[x]")
    with pytest.raises(InvalidJsonError, match="NaN is not JSON"):
        parse(b"[NaN]")
