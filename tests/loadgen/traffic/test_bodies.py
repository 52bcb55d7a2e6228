"""Bodies of events: valid ones have every field, each malformed kind is malformed in its own way only."""

import json

import pytest
from tests.loadgen.builders import requests_of, steady

from event_platform.core import strict_json
from event_platform.loadgen.traffic.request_kinds import REQUEST_KINDS, RequestKind


@pytest.mark.parametrize("kind", REQUEST_KINDS.values(), ids=REQUEST_KINDS)
def test_each_kind_is_malformed_as_named(kind: RequestKind) -> None:
    """Only what is to be refused for its syntax is invalid JSON or no object, and only `oversize` exceeds the limit."""
    name = kind.name
    share = {} if name == "new" else {name: 1.0}
    body = requests_of(steady(10, 1, **share))[-1].events[0].body
    if name == "broken_json":
        with pytest.raises(strict_json.InvalidJsonError):
            strict_json.parse(body)
        return
    event = strict_json.parse(body)
    assert isinstance(event, dict) == (name != "not_object")
    assert (len(body) > 262_144) == (name == "oversize")


def test_a_valid_event_has_every_field_of_the_contract() -> None:
    """It has the brief's five fields, and the first one occurred at the time that the seed stands for."""
    event = json.loads(requests_of(steady(10, 1), seed=1_767_384_000_000_000)[0].events[0].body)
    assert event.keys() == {"event_id", "event_type", "schema_version", "occurred_at", "payload"}
    assert event["occurred_at"] == "2026-01-02T20:00:00.000000Z"
    assert event["schema_version"] == 1
