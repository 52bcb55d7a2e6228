"""Conditions of ``--fail-if``: their syntax, and when they hold."""

import pytest
from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, finished_run, summary_of

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.recording.attempt_result import CONNECTION_LOST
from event_platform.loadgen.report import fail_conditions
from event_platform.loadgen.report.summary import summarize
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import NEW


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("p99>3ms", True),
        ("p99>5ms", False),
        ("p99 > 0.003 s", True),
        ("max<=4000us", True),
        ("failed>24%", True),
        ("failed>25%", False),
        ("failed>=1", True),
        ("rate-limited>0", True),
        ("achieved_rate<2.1", True),
        ("sent<4", False),
    ],
)
def test_conditions_hold(condition: str, holds: bool) -> None:  # noqa: FBT001 - the expected verdict
    """Latencies have units; counts are numbers, or shares of those sent."""
    summary = summary_of(ACCEPTED, ACCEPTED, LIMITED, CONNECTION_LOST)
    assert fail_conditions.parse(condition).holds(summary) is holds


def test_conditions_on_accepted_events() -> None:
    """They compare the latency of accepted events alone, and hold if nothing was accepted."""
    run = finished_run(*[LIMITED] * 99, latency_seconds=0.001)
    assert fail_conditions.parse("accepted_p99>50ms").holds(summarize(run))
    run.counters.record_final(Event("tenant_a", "x", NEW, b"{}"), ACCEPTED, 0.9)
    summary = summarize(run)
    assert not fail_conditions.parse("p99>50ms").holds(summary)
    assert fail_conditions.parse("accepted-p99>50ms").holds(summary)
    assert not fail_conditions.parse("accepted_max>1s").holds(summary)


@pytest.mark.parametrize(
    "condition",
    [
        *("p98>1ms", "p99>50", "p99", "failed>1ms", "p99=1ms", "failed>-1", "", "p99>nanms"),
        *(f"failed>1{'0' * 400}", "failed>inf", "accepted_sent>1", "accepted_p99>1"),
    ],
)
def test_a_wrong_condition_says_what_is_expected(condition: str) -> None:
    """The message lists the valid figures and units."""
    with pytest.raises(ConfigurationError, match="expected a condition like 'p99>50ms'"):
        fail_conditions.parse(condition)
