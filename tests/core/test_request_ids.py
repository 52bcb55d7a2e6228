"""Request ids."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.request_ids import format_request_id, normalize_request_id, parse_request_id


@given(st.uuids())
def test_request_id_contains_the_id_of_the_row(event_id: UUID) -> None:
    """The request id that a producer got leads back to the row's UUID."""
    assert format_request_id(event_id) == f"req_{event_id}"
    assert parse_request_id(format_request_id(event_id)) == event_id


@pytest.mark.parametrize("text", ["", "req_", "req_1", str(UUID(int=1)), f"req_{UUID(int=1)}\n", f"REQ_{UUID(int=1)}"])
def test_other_text_is_no_request_id(text: str) -> None:
    """Anything but ``req_<uuid>`` is refused, even if it could be corrected."""
    assert parse_request_id(text) is None


@given(st.uuids())
def test_prefix_may_be_omitted(event_id: UUID) -> None:
    """A bare UUID in either case means the same request; other text is passed on for `parse_request_id` to refuse."""
    for text in (str(event_id), str(event_id).upper(), format_request_id(event_id)):
        assert parse_request_id(normalize_request_id(text)) == event_id
    assert parse_request_id(normalize_request_id("order 1")) is None
