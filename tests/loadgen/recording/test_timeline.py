"""The timeline joins the workers' reports into intervals of about a second."""

import pytest

from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.recording.counters import Counters
from event_platform.loadgen.recording.timeline import Timeline
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import NEW


def counters_of(events: int, latency_seconds: float = 0.004) -> Counters:
    """Return counters of so many accepted events."""
    counters = Counters()
    for number in range(events):
        counters.record_final(
            Event("tenant_a", str(number), NEW, b"{}"), AttemptResult(202, request_id="req_1"), latency_seconds
        )
    return counters


def timeline_of(*reports: tuple[float, int]) -> Timeline:
    """Return the timeline of reports, each with its time in seconds and its number of events."""
    timeline = Timeline()
    for elapsed_seconds, events in reports:
        timeline.add(elapsed_seconds, counters_of(events))
    timeline.finish()
    return timeline


def test_reports_join_to_seconds() -> None:
    """Each point begins where the previous one ended, and its rate is that of its own length."""
    points = timeline_of((0.5, 40), (1.0, 60), (1.6, 30), (2.25, 30), (3.25, 10)).points
    assert [(point.at, point.seconds) for point in points] == [(0.0, 1.0), (1.0, 1.25), (2.25, 1.0)]
    assert [point.rate() for point in points] == [100, 48, 10]


def test_a_short_last_interval_joins_the_previous_one() -> None:
    """Five events in a fiftieth of a second do not show as 250 per second."""
    joined = timeline_of((1.0, 100), (2.0, 100), (2.02, 5)).points
    assert [point.rate() for point in joined] == [100, pytest.approx(105 / 1.02)]
    assert len(timeline_of((1.0, 100), (2.0, 100), (2.75, 9)).points) == 3


def test_a_very_short_run_has_one_point() -> None:
    """Without a previous interval, a short one stands alone."""
    assert [point.rate() for point in timeline_of((0.1, 5)).points] == [50]


def test_a_stall_is_a_point_of_zero() -> None:
    """The chart shows that nothing completed, and the rate after it is not reduced."""
    assert [point.rate() for point in timeline_of((1.0, 10), (2.0, 0), (3.0, 10)).points] == [10, 0, 10]


def test_nothing_sent_leaves_no_point() -> None:
    """An empty run is not an error."""
    assert timeline_of().points == []
