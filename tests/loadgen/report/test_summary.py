"""The summary adds up, says in words what its numbers mean, and can fail a run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet, Difference
from event_platform.loadgen.recording.attempt_result import CUT, UNREACHABLE, Ended
from event_platform.loadgen.report import fail_conditions, html_report, text_report
from event_platform.loadgen.report.progress import plain_lines
from event_platform.loadgen.report.summary import Summary, summarize
from event_platform.loadgen.report.svg_chart import Series, chart, nice_ceiling
from event_platform.loadgen.sending import request_encoder
from event_platform.loadgen.sending.load_run import Run
from event_platform.loadgen.sending.sender import Manner
from event_platform.loadgen.sending.worker import Job
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import KINDS
from event_platform.loadgen.traffic.scenario import load

ACCEPTED = Ended(202, request_id="req_1")
LIMITED = Ended(429, "RATE_LIMITED")


def run_of(*ends: Ended, kind: str = "new", late_seconds: float = 0.0, latency_seconds: float = 0.004) -> Run:
    """A finished run with these ends, 2 s long."""
    target = request_encoder.target("http://localhost:8080", {"tenant_a": "key_a", "tenant_b": "key_b"})
    run = Run(Job(load("baseline"), target, 7, Manner()), 1, elapsed_seconds=2.5, sending_seconds=2.0)
    for number, ended in enumerate(ends):
        run.tally.start(late_seconds)
        run.tally.answers[ended.label] += 1
        run.tally.end(Event("tenant_a", str(number), KINDS[kind], b"{}"), ended, latency_seconds)
    run.timeline.add(1.0, run.tally)
    return run


def summary_of(*ends: Ended, **given: float) -> Summary:
    """Its summary."""
    return summarize(run_of(*ends, **given))  # type: ignore[arg-type]  # its fields, by name


def test_the_counts_add_up() -> None:
    """Sent is the sum of the six."""
    summary = summary_of(
        ACCEPTED, ACCEPTED, Ended(202, duplicate=True), LIMITED, Ended(400), Ended(409), CUT, Ended(503)
    )
    parts = (summary.accepted, summary.duplicates, summary.rate_limited)
    rest = (summary.invalid, summary.in_progress, summary.failed)
    assert (parts, rest) == ((2, 1, 1), (1, 1, 2))
    assert sum(parts) + sum(rest) == summary.sent == 8
    assert sum(summary.tenants["tenant_a"].values()) == 8
    assert sum(summary.tenants["tenant_b"].values()) == 0
    assert summary.achieved_rate == 4.0


def test_latency_is_told_by_outcome() -> None:
    """Quick refusals flatter the whole, not the accepted events; what got no answer stands apart from 5xx."""
    run = run_of(*[LIMITED] * 99, ACCEPTED, latency_seconds=0.001)
    for ended, seconds in ((ACCEPTED, 0.9), (Ended(503), 0.02), (CUT, 10.0)):
        run.tally.end(Event("tenant_a", "x", KINDS["new"], b"{}"), ended, seconds)
    summary = summarize(run)
    assert summary.latency_ms.p50 == pytest.approx(1, rel=0.01)
    parts = {name: (each.count, each.p50, each.p99) for name, each in summary.latency_by_outcome.items()}
    assert list(parts) == ["accepted", "rate_limited", "failed", "no_answer"]
    assert parts["accepted"] == pytest.approx((2, 1, 900), rel=0.01)
    assert parts["rate_limited"] == pytest.approx((99, 1, 1), rel=0.01)
    assert (parts["failed"][0], parts["no_answer"][0]) == (1, 1)
    assert parts["no_answer"][2] == pytest.approx(10_000, rel=0.01)
    assert sum(count for count, _, _ in parts.values()) == summary.sent
    for text in (text_report.text(summary), html_report.page("t", summary, None)):
        assert re.search(r"^  accepted +450\.\d\d +1\.00 +900\.\d\d +900\.\d\d +900\.00$", text, re.MULTILINE)
        assert re.search(r"^  rate-limited +1\.00 +1\.00 +1\.00 +1\.00 +1\.00$", text, re.MULTILINE)
    assert summary.to_json()["latency_by_outcome"]["accepted"]["count"] == 2


def test_conditions_on_accepted_events() -> None:
    """Their latency alone; where nothing was accepted no bound on it is kept."""
    run = run_of(*[LIMITED] * 99, latency_seconds=0.001)
    assert fail_conditions.parse("accepted_p99>50ms").holds(summarize(run))
    run.tally.end(Event("tenant_a", "x", KINDS["new"], b"{}"), ACCEPTED, 0.9)
    summary = summarize(run)
    assert not fail_conditions.parse("p99>50ms").holds(summary)
    assert fail_conditions.parse("accepted-p99>50ms").holds(summary)
    assert not fail_conditions.parse("accepted_max>1s").holds(summary)


def test_malformed_events_that_were_accepted_are_kept_apart_from_refused_ones() -> None:
    """The first become dead letters, the others never entered."""
    accepted = summarize(run_of(ACCEPTED, ACCEPTED, kind="bad_time"))
    refused = summarize(run_of(Ended(400, "INVALID_JSON"), kind="broken_json"))
    assert (accepted.accepted, accepted.malformed_accepted, accepted.invalid) == (2, 2, 0)
    assert (refused.accepted, refused.malformed_accepted, refused.invalid) == (0, 0, 1)
    assert "of which malformed, to become dead letters: 2" in text_report.text(accepted)


def test_the_text_has_what_was_promised() -> None:
    """Every figure the brief asks for, by name."""
    text = text_report.text(summary_of(ACCEPTED, LIMITED))
    for name in (
        "sent",
        "accepted",
        "duplicates",
        "rate-limited",
        "invalid",
        "failed",
        "avg",
        "p50",
        "p95",
        "p99",
        "max",
    ):
        assert re.search(rf"\b{name}\b", text), name
    assert "rate achieved   1.0 events/s" in text


def test_a_generator_that_was_the_bottleneck_says_so() -> None:
    """In words and in the JSON; and not where it kept its schedule."""
    slow, quick = summary_of(ACCEPTED, late_seconds=0.05), summary_of(ACCEPTED)
    assert slow.generator_was_bottleneck
    assert slow.remarks[0].startswith(
        "The generator itself was the bottleneck: 1 of 1 requests started more than 10 ms"
    )
    assert not quick.generator_was_bottleneck
    assert quick.remarks == []


def test_mostly_429_names_the_setting_that_raises_the_quota() -> None:
    """Both of them; and not where few were limited."""
    assert "RATE_LIMIT_PER_MIN" in summary_of(LIMITED, LIMITED, ACCEPTED).remarks[0]
    assert "RATE_LIMITS=" in summary_of(LIMITED, LIMITED, ACCEPTED).remarks[0]
    assert summary_of(LIMITED, ACCEPTED).remarks == []


def test_mostly_401_or_nobody_there_says_what_to_do() -> None:
    """Wrong keys and a platform that is not up are told apart."""
    assert "--keys" in summary_of(Ended(401, "UNAUTHORIZED")).remarks[0]
    unreachable = summary_of(UNREACHABLE)
    assert "event-platform up" in unreachable.remarks[0]
    assert unreachable.nothing_arrived
    assert not summary_of(CUT).nothing_arrived


def test_a_server_without_tls_is_not_called_absent() -> None:
    """With `https://` what fails may be TLS alone."""
    run = run_of(UNREACHABLE)
    run.job = replace(run.job, target=request_encoder.target("https://localhost:8443", {"tenant_a": "key_a"}))
    assert summarize(run).remarks[0].startswith("No TLS connection to localhost:8443 could be made")


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
def test_conditions(condition: str, holds: bool) -> None:  # noqa: FBT001 - the expected verdict
    """Latencies with units, counts as numbers or shares of those sent."""
    summary = summary_of(ACCEPTED, ACCEPTED, LIMITED, CUT)
    assert fail_conditions.parse(condition).holds(summary) is holds


@pytest.mark.parametrize(
    "condition",
    [
        *("p98>1ms", "p99>50", "p99", "failed>1ms", "p99=1ms", "failed>-1", "", "p99>nanms"),
        *(f"failed>1{'0' * 400}", "failed>inf", "accepted_sent>1", "accepted_p99>1"),
    ],
)
def test_a_wrong_condition_says_what_is_expected(condition: str) -> None:
    """With the names and units there are."""
    with pytest.raises(ConfigurationError, match="expected a condition like 'p99>50ms'"):
        fail_conditions.parse(condition)


def test_progress_lines_come_every_five_seconds() -> None:
    """Elsewhere than on a terminal: few lines, each with rate, counts, latencies and time left."""
    lines: list[str] = []
    show = plain_lines(lines.append)
    run = run_of(ACCEPTED, LIMITED)
    for seconds in range(1, 12):
        run.elapsed_seconds = seconds
        show(run)
    assert len(lines) == 2
    assert lines[0].startswith(
        "left 55 s, rate now 2/s, sent 2, accepted 1, duplicates 0, 429 1, errors 0, p50 now 4.0"
    )


def test_the_html_report_is_whole_and_offline(tmp_path: Path) -> None:
    """One file with charts, the figures and the sheet; nothing to fetch, and nothing of a key is markup."""
    sheet = BalanceSheet({}, differences=[Difference("tenant_a", "<script>", "lost", "nowhere")])
    page = html_report.page("Load test: <mine>", summary_of(ACCEPTED), sheet)
    (tmp_path / "report.html").write_text(page)
    assert page.count("<svg") == 2
    assert "<polyline" in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", page)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "It does not balance." in page


def test_a_remark_stands_in_the_html_report_once() -> None:
    """At its top, not among the figures again."""
    summary = summary_of(LIMITED, LIMITED, ACCEPTED)
    assert html_report.page("t", summary, None).count("Most answers were 429") == len(summary.remarks) == 1


def test_charts_scale_and_stay_small() -> None:
    """The axis ends at a round number; an hour of seconds becomes at most 600 points that keep the peaks."""
    assert [nice_ceiling(value) for value in (0, 0.03, 1, 7, 11, 100)] == [1, 0.05, 1, 10, 20, 100]
    values = [1.0] * 3_600
    values[1_801] = 90.0
    svg = chart([float(second) for second in range(3_600)], [Series("a", "--a", values)], "ms")
    heights = [point.split(",")[1] for point in re.findall(r'points="([^"]+)"', svg)[0].split()]
    assert len(heights) == 600
    assert len(set(heights)) == 2
