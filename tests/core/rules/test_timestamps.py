"""Times as RFC 3339 has them, and no others."""

import string
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.rules.sample_events import GOOD, decide

from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import DeadLetter, Storable


@given(st.text(alphabet=string.digits + "TtZz:+-. W", max_size=30))
def test_parsing_is_strict(text: str) -> None:
    """The standard library reads every time that is accepted as the same moment, with a zone."""
    outcome = decide(GOOD | {"occurred_at": text})
    if isinstance(outcome, Storable):
        moment = datetime.fromisoformat(text.upper())
        assert moment.tzinfo is not None
        assert timestamps.to_datetime(outcome.row.occurred_at_us) == moment


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-01-02t03:04:05.123456789z", "2026-01-02T03:04:05.123456+00:00"),
        ("2026-01-02T03:04:05+23:59", "2026-01-01T03:05:05+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_accepted_times(text: str, stored: str) -> None:
    """Lower-case letters, offsets up to 23:59, years 1 to 9999; digits beyond the microsecond are cut off."""
    outcome = decide(GOOD | {"occurred_at": text})
    assert isinstance(outcome, Storable)
    assert timestamps.to_datetime(outcome.row.occurred_at_us).isoformat() == stored


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "infinity",
        "2026-W01-1T00:00:00Z",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05.Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "\uff12026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_refused_times(text: str) -> None:
    """Whatever is not strict RFC 3339, or outside of years 1 to 9999 in UTC, is refused."""
    outcome = decide(GOOD | {"occurred_at": text})
    assert isinstance(outcome, DeadLetter)
    assert outcome.code == "VALIDATION_FAILED"


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 - its zone is drawn, too
    st.sampled_from(["", ".1", ".123", ".000001", ".123456", ".1234567", ".999999999"]),
    st.sampled_from([("Z", 0), ("z", 0), ("+00:00", 0), ("-00:00", 0), ("+05:30", 330), ("-23:59", -1_439)]),
    st.sampled_from("Tt"),
)
def test_times_are_read_to_the_microsecond(moment: datetime, fraction: str, zone: tuple[str, int], letter: str) -> None:
    """Every form of RFC 3339 is read to the microsecond; further digits are cut off."""
    text = f"{moment.replace(microsecond=0).isoformat().replace('T', letter)}{fraction}{zone[0]}"
    seconds = (moment.replace(microsecond=0) - datetime(2000, 1, 1)) // timedelta(seconds=1)  # noqa: DTZ001 - in UTC
    microseconds = int(fraction[1:7].ljust(6, "0")) if fraction else 0
    assert timestamps.parse(text) == (seconds - zone[1] * 60) * 1_000_000 + microseconds
