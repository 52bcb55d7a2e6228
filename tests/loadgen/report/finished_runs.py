"""Finished runs with given results, without sending anything."""

from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.report.summary import Summary, summarize
from event_platform.loadgen.sending.load_run import LoadRun
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import REQUEST_KINDS

ACCEPTED = AttemptResult(202, request_id="req_1")
LIMITED = AttemptResult(429, "RATE_LIMITED")


def finished_run(
    *results: AttemptResult, kind: str = "new", late_seconds: float = 0.0, latency_seconds: float = 0.004
) -> LoadRun:
    """Return a run of 2 s in which ``tenant_a`` got these results."""
    target = parse_target("http://localhost:8080", {"tenant_a": "key_a", "tenant_b": "key_b"})
    config = RunConfig(scenario_files.load("baseline"), target, 7, SendOptions())
    run = LoadRun(config, 1, elapsed_seconds=2.5, sending_seconds=2.0)
    for number, result in enumerate(results):
        run.counters.record_start(late_seconds)
        run.counters.answers[result.label] += 1
        run.counters.record_final(Event("tenant_a", str(number), REQUEST_KINDS[kind], b"{}"), result, latency_seconds)
    run.timeline.add(1.0, run.counters)
    return run


def summary_of(*results: AttemptResult, late_seconds: float = 0.0) -> Summary:
    """Return the summary of such a run."""
    return summarize(finished_run(*results, late_seconds=late_seconds))
