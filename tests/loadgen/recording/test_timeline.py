"""The seconds of a run, joined from the workers' reports."""

import pytest

from event_platform.loadgen.recording.attempt_result import Ended
from event_platform.loadgen.recording.counters import Tally
from event_platform.loadgen.recording.timeline import Timeline
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import KINDS


def tally_of(events: int, latency_seconds: float = 0.004) -> Tally:
    """So many events, all accepted."""
    tally = Tally()
    for number in range(events):
        tally.end(Event("tenant_a", str(number), KINDS["new"], b"{}"), Ended(202, request_id="req_1"), latency_seconds)
    return tally


def timeline_of(*reports: tuple[float, int]) -> Timeline:
    """Of reports that came after so many seconds, each with so many events."""
    timeline = Timeline()
    for elapsed_seconds, events in reports:
        timeline.add(elapsed_seconds, tally_of(events))
    timeline.finish()
    return timeline


def test_reports_join_to_seconds() -> None:
    """Several a second; each point begins where the one before ended, and its rate is that of its own length."""
    points = timeline_of((0.5, 40), (1.0, 60), (1.6, 30), (2.25, 30), (3.25, 10)).points
    assert [(point.at, point.seconds) for point in points] == [(0.0, 1.0), (1.0, 1.25), (2.25, 1.0)]
    assert [point.rate() for point in points] == [100, 48, 10]


def test_a_short_last_interval_is_no_point_of_its_own() -> None:
    """Five events in a fiftieth of a second are no 250 a second."""
    joined = timeline_of((1.0, 100), (2.0, 100), (2.02, 5)).points
    assert [point.rate() for point in joined] == [100, pytest.approx(105 / 1.02)]
    assert len(timeline_of((1.0, 100), (2.0, 100), (2.75, 9)).points) == 3


def test_a_run_shorter_than_that_has_its_one_point() -> None:
    """There is nothing to join it with."""
    assert [point.rate() for point in timeline_of((0.1, 5)).points] == [50]


def test_a_stall_is_a_point_of_nothing() -> None:
    """A chart shows that nothing ended, and the rate after it is not made smaller."""
    assert [point.rate() for point in timeline_of((1.0, 10), (2.0, 0), (3.0, 10)).points] == [10, 0, 10]


def test_nothing_sent_is_no_point() -> None:
    """Nor an error."""
    assert timeline_of().points == []
