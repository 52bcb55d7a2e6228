"""The figures of a run add up, as counts and by outcome."""

import re

import pytest
from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, finished_run, summary_of

from event_platform.loadgen.recording.attempt_result import CONNECTION_LOST, AttemptResult
from event_platform.loadgen.report import html_report, text_report
from event_platform.loadgen.report.summary import summarize
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import NEW


def test_the_counts_add_up() -> None:
    """`sent` is the sum of the six outcomes."""
    summary = summary_of(
        ACCEPTED,
        ACCEPTED,
        AttemptResult(202, duplicate=True),
        LIMITED,
        AttemptResult(400),
        AttemptResult(409),
        CONNECTION_LOST,
        AttemptResult(503),
    )
    parts = (summary.accepted, summary.duplicates, summary.rate_limited)
    rest = (summary.invalid, summary.in_progress, summary.failed)
    assert (parts, rest) == ((2, 1, 1), (1, 1, 2))
    assert sum(parts) + sum(rest) == summary.sent == 8
    assert sum(summary.tenants["tenant_a"].values()) == 8
    assert sum(summary.tenants["tenant_b"].values()) == 0
    assert summary.achieved_rate == 4.0


def test_latency_is_reported_by_outcome() -> None:
    """Fast refusals improve the total, not the accepted events; events without an answer are apart from 5xx."""
    run = finished_run(*[LIMITED] * 99, ACCEPTED, latency_seconds=0.001)
    for result, seconds in ((ACCEPTED, 0.9), (AttemptResult(503), 0.02), (CONNECTION_LOST, 10.0)):
        run.counters.record_final(Event("tenant_a", "x", NEW, b"{}"), result, seconds)
    summary = summarize(run)
    assert summary.latency_ms.p50 == pytest.approx(1, rel=0.01)
    parts = {name: (each.count, each.p50, each.p99) for name, each in summary.latency_by_outcome.items()}
    assert list(parts) == ["accepted", "rate_limited", "failed", "no_answer"]
    assert parts["accepted"] == pytest.approx((2, 1, 900), rel=0.01)
    assert parts["rate_limited"] == pytest.approx((99, 1, 1), rel=0.01)
    assert (parts["failed"][0], parts["no_answer"][0]) == (1, 1)
    assert parts["no_answer"][2] == pytest.approx(10_000, rel=0.01)
    assert sum(count for count, _, _ in parts.values()) == summary.sent
    for text in (text_report.render(summary), html_report.render("t", summary, None)):
        assert re.search(r"^  accepted +450\.\d\d +1\.00 +900\.\d\d +900\.\d\d +900\.00$", text, re.MULTILINE)
        assert re.search(r"^  rate-limited +1\.00 +1\.00 +1\.00 +1\.00 +1\.00$", text, re.MULTILINE)
    assert summary.to_json()["latency_by_outcome"]["accepted"]["count"] == 2


def test_malformed_events_that_were_accepted_are_counted_apart_from_refused_ones() -> None:
    """The former become dead letters, the latter were never published."""
    accepted = summarize(finished_run(ACCEPTED, ACCEPTED, kind="bad_time"))
    refused = summarize(finished_run(AttemptResult(400, "INVALID_JSON"), kind="broken_json"))
    assert (accepted.accepted, accepted.malformed_accepted, accepted.invalid) == (2, 2, 0)
    assert (refused.accepted, refused.malformed_accepted, refused.invalid) == (0, 0, 1)
    assert "of which malformed, to become dead letters: 2" in text_report.render(accepted)
