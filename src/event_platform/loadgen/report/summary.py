"""The figures of a finished run: printed as text, written as JSON, tested by ``--fail-if``."""

from typing import Any

import msgspec
from msgspec import Struct, field

from event_platform.loadgen.recording.attempt_result import LATENCY_GROUPS, Outcome
from event_platform.loadgen.recording.histogram import Histogram
from event_platform.loadgen.recording.timeline import TimelinePoint
from event_platform.loadgen.report.run_warnings import generator_was_bottleneck, warnings_of
from event_platform.loadgen.sending.load_run import LoadRun


class Durations(Struct, frozen=True):
    """Average, percentiles and maximum, in milliseconds."""

    avg: float
    p50: float
    p95: float
    p99: float
    max: float


class CountedDurations(Durations, frozen=True):
    """Durations with the number of events they were measured on."""

    count: int


class Summary(Struct, frozen=True):
    """A run's figures; the field names are those of the JSON report.

    ``sent`` is the sum of ``accepted``, ``duplicates``, ``rate_limited``, ``invalid``, ``in_progress`` and ``failed``,
    all of them events by their final answer. ``accepted`` includes ``malformed_accepted``, which ingest accepts and the
    processor dead-letters; ``invalid`` are those that ingest itself refused. ``dropped`` were never sent.

    Attributes:
        latency_ms: Intended start to final answer, retries included.
        latency_by_outcome: The latency of each outcome that occurred. Failed events without an answer, which took as
            long as the time-out, are listed apart as ``no_answer``.
        service_ms: Writing of a request to its answer.
        lateness_ms: Intended start to the start of the first attempt.
        answers: Attempts by answer.
        warnings: What the figures mean where a reader could misread them; ``remarks`` in the JSON.
    """

    seed: int
    workers: int
    interrupted: bool
    seconds: float
    achieved_rate: float
    sent: int
    accepted: int
    malformed_accepted: int
    duplicates: int
    rate_limited: int
    invalid: int
    in_progress: int
    failed: int
    dropped: int
    late: int
    retries: int
    latency_ms: Durations
    latency_by_outcome: dict[str, CountedDurations]
    service_ms: Durations
    lateness_ms: Durations
    answers: dict[str, int]
    tenants: dict[str, dict[str, int]]
    generator_was_bottleneck: bool
    warnings: list[str] = field(name="remarks")
    timeline: list[TimelinePoint]

    @property
    def nothing_arrived(self) -> bool:
        """Whether no request found a connection."""
        return not self.sent or self.answers.get("no answer: no connection") == sum(self.answers.values())

    def to_json(self) -> dict[str, Any]:
        """Return the figures as builtin values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values


def summarize(run: LoadRun) -> Summary:
    """Return the figures of a finished run."""
    counters = run.counters
    return Summary(
        seed=run.config.seed,
        workers=run.workers,
        interrupted=run.interrupted,
        seconds=round(run.elapsed_seconds, 3),
        achieved_rate=round(counters.sent / run.sending_seconds, 3) if run.sending_seconds else 0.0,
        sent=counters.sent,
        malformed_accepted=counters.malformed_accepted,
        accepted=counters.count(Outcome.ACCEPTED),
        duplicates=counters.count(Outcome.DUPLICATE),
        rate_limited=counters.count(Outcome.RATE_LIMITED),
        invalid=counters.count(Outcome.INVALID),
        in_progress=counters.count(Outcome.IN_PROGRESS),
        failed=counters.count(Outcome.FAILED),
        dropped=counters.dropped,
        late=counters.late,
        retries=counters.retries,
        latency_ms=_durations(counters.latency),
        latency_by_outcome=_latency_by_outcome(counters.latencies),
        service_ms=_durations(counters.service_time),
        lateness_ms=_durations(counters.lateness),
        answers=dict(counters.answers.most_common()),
        tenants={tenant: _counts_of_tenant(run, tenant) for tenant in run.config.target.keys},
        generator_was_bottleneck=generator_was_bottleneck(counters),
        warnings=warnings_of(run),
        timeline=run.points,
    )


def _durations(histogram: Histogram) -> Durations:
    seconds = (histogram.mean, *map(histogram.percentile, (50, 95, 99)), histogram.max)
    return Durations(*(round(value * 1_000, 3) for value in seconds))


def _latency_by_outcome(latencies: dict[str, Histogram]) -> dict[str, CountedDurations]:
    return {group: _counted_durations(latencies[group]) for group in LATENCY_GROUPS if group in latencies}


def _counted_durations(histogram: Histogram) -> CountedDurations:
    return CountedDurations(**msgspec.structs.asdict(_durations(histogram)), count=histogram.count)


def _counts_of_tenant(run: LoadRun, tenant: str) -> dict[str, int]:
    return {str(outcome): run.counters.count(outcome, tenant) for outcome in Outcome}
