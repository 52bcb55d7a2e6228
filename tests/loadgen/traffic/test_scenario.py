"""The files that come along are valid; a broken one is told by its field and what was expected."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic import scenario
from event_platform.loadgen.traffic.overrides import Changes, tailored
from event_platform.loadgen.traffic.request_kinds import KINDS

GOOD = '{"description":"","phases":[{"seconds":1,"rate":1%s}]%s}'

BROKEN = {
    "no JSON": ("{", "the whole: input data was truncated"),
    "no phases": ('{"description":""}', "the whole: object missing required field phases"),
    "empty phases": ('{"description":"","phases":[]}', "phases: expected array of length >= 1"),
    "text as rate": (
        '{"description":"","phases":[{"seconds":1,"rate":"x"}]}',
        "phases[0].rate: expected float, got str",
    ),
    "no time": ('{"description":"","phases":[{"seconds":0,"rate":1}]}', "phases[0].seconds: expected float > 0"),
    "unknown field": (GOOD % (',"burst":1', ""), "phases[0]: object contains unknown field burst"),
    "unknown kind": (GOOD % (',"mix":{"rotten":0.1}', ""), "phases[0]: mix: unknown kind rotten, expected one of new,"),
    "negative share": (
        GOOD % (',"mix":{"duplicate":-1}', ""),
        "phases[0]: mix.duplicate: expected a share from 0 to 1, got -1",
    ),
    "shares over one": (
        GOOD % (',"mix":{"duplicate":0.7,"bad_time":0.7}', ""),
        "phases[0]: mix: expected shares of at most 1 together, got 1.4",
    ),
    "share of new": (GOOD % (',"mix":{"new":0.7}', ""), "phases[0]: mix: new is what the other shares leave"),
    "arrivals": (GOOD % ("", ',"arrivals":"bursty"'), "arrivals: invalid enum value 'bursty'"),
    "sizes": (GOOD % ("", ',"payload_bytes":{"min":9,"max":3}'), "payload_bytes: min: expected at most max, got 9 > 3"),
    "event type": (GOOD % ("", ',"event_types":{"a b":1}'), "the whole: event_types.a b: expected 1 to 200 letters"),
    "weight of a type": (
        GOOD % ("", ',"event_types":{"a":-1}'),
        "the whole: event_types.a: expected a weight above 0, got -1",
    ),
    "not JSON": ("phases:", "the whole: JSON is malformed"),
    "weights": (GOOD % ("", ',"tenant_weights":[0]'), "tenant_weights[0]: expected float > 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_told_by_field(case: str, tmp_path: Path) -> None:
    """The message names the file, the field and what was expected."""
    text, message = BROKEN[case]
    file = tmp_path / "mine.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        scenario.load(str(file))
    assert str(caught.value).startswith(f"scenario {file}: {message}")


def test_an_unknown_name_lists_the_known() -> None:
    """A typing error shows what there is."""
    with pytest.raises(ConfigurationError, match="no scenario basline: expected one of baseline, duplicates, "):
        scenario.load("basline")


def test_the_promised_scenarios_exist_and_explain_themselves() -> None:
    """Each loads, says what it shows, and together they use every kind of request."""
    assert set(scenario.names()) == {"baseline", "spike", "duplicates", "poison", "hot-tenant", "soak"}
    loaded = [scenario.load(name) for name in scenario.names()]
    assert all(len(one.description) > 40 for one in loaded)
    used = {kind for one in loaded for phase in one.phases for kind in phase.mix}
    assert used == KINDS.keys() - {"new"}


def test_flags_scale_rates_and_durations() -> None:
    """--rps is the highest rate, --minutes the whole duration, and the shape stays."""
    spike = tailored(scenario.load("spike"), Changes(rps=800, minutes=10))
    assert spike.peak_rate == pytest.approx(800)
    assert spike.seconds == pytest.approx(600)
    assert spike.phases[0].rate == pytest.approx(40)


def test_rates_of_flags_replace_the_scenarios_own() -> None:
    """--duplicate-rate and --bad-rate hold in each phase, whatever the file says."""
    for phase in tailored(scenario.load("poison"), Changes(duplicate_rate=0.1, bad_rate=0.05)).phases:
        assert phase.mix.pop("duplicate") == 0.1
        assert sum(phase.mix.values()) == pytest.approx(0.05)


def test_flags_that_exceed_one_are_refused() -> None:
    """Nobody gets less than was asked for in silence."""
    with pytest.raises(ConfigurationError, match="--duplicate-rate and --bad-rate: mix: expected shares of at most 1"):
        tailored(scenario.load("baseline"), Changes(duplicate_rate=0.8, bad_rate=0.4))
