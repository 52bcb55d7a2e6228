"""Exceptions on one line."""

import pytest

from event_platform.core.error_text import first_line, one_line, with_type


@pytest.mark.parametrize(
    ("error", "first", "one", "typed"),
    [
        (ValueError("plain"), "plain", "plain", "ValueError: plain"),
        (OSError("\n  first\nHINT:  second"), "first", "first HINT: second", "OSError: first HINT: second"),
        (TimeoutError(), "TimeoutError", "TimeoutError", "TimeoutError"),
        (KeyError("name"), "'name'", "'name'", "KeyError: 'name'"),
    ],
)
def test_text_of_an_error(error: Exception, first: str, one: str, typed: str) -> None:
    """The text is never empty and never has a second line."""
    assert (first_line(error), one_line(error), with_type(error)) == (first, one, typed)
