"""Well-formed JSON that Postgres would refuse."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.core.rules.sample_events import GOOD, WRAPPER, decide_value

from event_platform.core.rules.outcome import DeadLetter, Storable


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=-500, max_value=500))
def test_numbers_are_bounded(digits: int, exponent: int) -> None:
    """Numbers of up to 40 digits and exponents up to ±400 are stored as written; others are dead-lettered."""
    literal = f"1{'0' * digits}e{exponent}"
    body = json.dumps(GOOD).replace('{"a": 1}', f'{{"a": {literal}}}')
    value = json.dumps(WRAPPER)[:-1] + f', "event": {body}}}'
    outcome = decide_value(value.encode())
    if digits + 1 <= 40 and abs(exponent) <= 400:
        assert isinstance(outcome, Storable)
        assert literal.encode() in outcome.row.payload
    else:
        assert isinstance(outcome, DeadLetter)
        assert outcome.code == "UNSTORABLE"
