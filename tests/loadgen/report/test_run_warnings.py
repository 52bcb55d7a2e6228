"""Warnings say what a run's figures mean, and what to do."""

from dataclasses import replace

from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, finished_run, summary_of

from event_platform.loadgen.recording.attempt_result import CONNECTION_LOST, UNREACHABLE, AttemptResult
from event_platform.loadgen.report.summary import summarize
from event_platform.loadgen.sending.target import parse_target


def test_a_generator_that_was_the_bottleneck_says_so() -> None:
    """The summary has a sentence and the JSON a flag; neither if the generator kept its schedule."""
    slow, quick = summary_of(ACCEPTED, late_seconds=0.05), summary_of(ACCEPTED)
    assert slow.generator_was_bottleneck
    assert slow.warnings[0].startswith(
        "The generator itself was the bottleneck: 1 of 1 requests started more than 10 ms"
    )
    assert not quick.generator_was_bottleneck
    assert quick.warnings == []


def test_mostly_429_names_the_setting_that_raises_the_quota() -> None:
    """Both settings are named, and only if most events were limited."""
    assert "RATE_LIMIT_PER_MIN" in summary_of(LIMITED, LIMITED, ACCEPTED).warnings[0]
    assert "RATE_LIMITS=" in summary_of(LIMITED, LIMITED, ACCEPTED).warnings[0]
    assert summary_of(LIMITED, ACCEPTED).warnings == []


def test_mostly_401_or_no_listener_says_what_to_do() -> None:
    """Wrong keys are distinguished from a platform that is not running."""
    assert "--keys" in summary_of(AttemptResult(401, "UNAUTHORIZED")).warnings[0]
    unreachable = summary_of(UNREACHABLE)
    assert "event-platform up" in unreachable.warnings[0]
    assert unreachable.nothing_arrived
    assert not summary_of(CONNECTION_LOST).nothing_arrived


def test_a_failed_tls_connection_is_not_reported_as_no_listener() -> None:
    """With `https://`, the cause may be TLS alone."""
    run = finished_run(UNREACHABLE)
    run.config = replace(run.config, target=parse_target("https://localhost:8443", {"tenant_a": "key_a"}))
    assert summarize(run).warnings[0].startswith("No TLS connection to localhost:8443 could be made")
