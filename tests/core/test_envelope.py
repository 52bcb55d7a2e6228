"""The envelope: the producer's bytes unchanged inside a wrapper that any JSON parser reads."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME, format_timestamp, record_key, wrap

visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)


@given(visible, st.dictionaries(st.text(), st.integers() | st.text()))
def test_wrapper_holds_the_event_byte_for_byte(key: str, event: dict[str, object]) -> None:
    """The record is JSON with the five documented fields, and contains the event's own bytes."""
    body = json.dumps(event, indent=3).encode()
    message = wrap("tenant_a", "2026-01-02T20:00:01.000000Z", "req_1", key, body)
    assert message.endswith(b'"event":' + body + b"}")
    assert json.loads(message) == {
        "tenant_id": "tenant_a",
        "received_at": "2026-01-02T20:00:01.000000Z",
        "request_id": "req_1",
        "idempotency_key": key,
        "event": event,
    }


@given(visible)
def test_visible_ascii_is_an_idempotency_key(key: str) -> None:
    """Every text of 1 to 255 visible ASCII characters is a legal idempotency key."""
    assert IDEMPOTENCY_KEY.fullmatch(key)


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "a\n", "\x7f", "é", "\x00"])
def test_anything_else_is_no_idempotency_key(key: str) -> None:
    """Blanks, control characters, other alphabets and more than 255 characters are refused."""
    assert not IDEMPOTENCY_KEY.fullmatch(key)


@pytest.mark.parametrize(
    ("name", "legal"),
    [("tenant_a", True), ("A.b-9", True), ("t" * 64, True), ("t" * 65, False), ("", False), ("a:b", False)],
)
def test_tenant_names(name: str, legal: bool) -> None:  # noqa: FBT001 - the expected result
    """Tenants are 1 to 64 letters, digits, dots, underscores or hyphens; separators such as a colon are excluded."""
    assert bool(TENANT_NAME.fullmatch(name)) is legal


FIRST, LAST = datetime(1970, 1, 1), datetime(9998, 1, 1)  # noqa: DTZ001 - Hypothesis takes bounds without a zone


@given(st.datetimes(min_value=FIRST, max_value=LAST), st.integers(-1439, 1439))
def test_timestamp_is_utc_to_the_microsecond(moment: datetime, minutes: int) -> None:
    """A time of any zone is converted to UTC with Z, and no microsecond is lost."""
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = format_timestamp(aware)
    assert len(text) == len("2026-01-02T20:00:01.000000Z")
    assert datetime.fromisoformat(text) == aware
    assert datetime.fromisoformat(text).tzinfo == UTC


def test_record_key_carries_the_tenant() -> None:
    """The same key of two tenants gives two Kafka keys."""
    assert record_key("tenant_a", "k:1") == b"tenant_a:k:1"
    assert record_key("tenant_a", "k") != record_key("tenant_b", "k")
