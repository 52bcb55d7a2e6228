"""The scenarios that ship with the package are valid; an error in a file names the field and what it expects."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.request_kinds import REQUEST_KINDS

VALID = '{"description":"","phases":[{"seconds":1,"rate":1%s}]%s}'

INVALID = {
    "no JSON": ("{", "the whole: input data was truncated"),
    "no phases": ('{"description":""}', "the whole: object missing required field phases"),
    "empty phases": ('{"description":"","phases":[]}', "phases: expected array of length >= 1"),
    "text as rate": (
        '{"description":"","phases":[{"seconds":1,"rate":"x"}]}',
        "phases[0].rate: expected float, got str",
    ),
    "no time": ('{"description":"","phases":[{"seconds":0,"rate":1}]}', "phases[0].seconds: expected float > 0"),
    "unknown field": (VALID % (',"burst":1', ""), "phases[0]: object contains unknown field burst"),
    "unknown kind": (
        VALID % (',"mix":{"rotten":0.1}', ""),
        "phases[0]: mix: unknown kind rotten, expected one of new,",
    ),
    "negative share": (
        VALID % (',"mix":{"duplicate":-1}', ""),
        "phases[0]: mix.duplicate: expected a share from 0 to 1, got -1",
    ),
    "shares over one": (
        VALID % (',"mix":{"duplicate":0.7,"bad_time":0.7}', ""),
        "phases[0]: mix: expected shares of at most 1 together, got 1.4",
    ),
    "share of new": (VALID % (',"mix":{"new":0.7}', ""), "phases[0]: mix: new is what the other shares leave"),
    "arrivals": (VALID % ("", ',"arrivals":"bursty"'), "arrivals: invalid enum value 'bursty'"),
    "sizes": (
        VALID % ("", ',"payload_bytes":{"min":9,"max":3}'),
        "payload_bytes: min: expected at most max, got 9 > 3",
    ),
    "event type": (VALID % ("", ',"event_types":{"a b":1}'), "the whole: event_types.a b: expected 1 to 200 letters"),
    "weight of a type": (
        VALID % ("", ',"event_types":{"a":-1}'),
        "the whole: event_types.a: expected a weight above 0, got -1",
    ),
    "not JSON": ("phases:", "the whole: JSON is malformed"),
    "weights": (VALID % ("", ',"tenant_weights":[0]'), "tenant_weights[0]: expected float > 0"),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_error_in_a_file_names_the_field(case: str, tmp_path: Path) -> None:
    """The message names the file, the field and what was expected."""
    text, message = INVALID[case]
    file = tmp_path / "mine.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        scenario_files.load(str(file))
    assert str(caught.value).startswith(f"scenario {file}: {message}")


def test_an_unknown_name_lists_the_known_ones() -> None:
    """The message for a misspelt name shows the valid ones."""
    with pytest.raises(ConfigurationError, match="no scenario basline: expected one of baseline, duplicates, "):
        scenario_files.load("basline")


def test_every_scenario_loads_and_has_a_description() -> None:
    """Together the scenarios use every kind of request."""
    assert set(scenario_files.names()) == {"baseline", "spike", "duplicates", "poison", "hot-tenant", "soak"}
    loaded = [scenario_files.load(name) for name in scenario_files.names()]
    assert all(len(scenario.description) > 40 for scenario in loaded)
    used = {kind for scenario in loaded for phase in scenario.phases for kind in phase.mix}
    assert used == REQUEST_KINDS.keys() - {"new"}
