"""What a run comes to, in numbers: shown as text, written as JSON, tested by ``--fail-if``."""

from typing import Any

import msgspec
from msgspec import Struct

from event_platform.loadgen.recording.attempt_result import ANSWERED, Outcome
from event_platform.loadgen.recording.histogram import Histogram
from event_platform.loadgen.recording.timeline import Point
from event_platform.loadgen.report.run_warnings import generator_was_bottleneck, remarks
from event_platform.loadgen.sending.load_run import Run


class Durations(Struct, frozen=True):
    """In milliseconds."""

    avg: float
    p50: float
    p95: float
    p99: float
    max: float


class CountedDurations(Durations, frozen=True):
    """The same, of so many events."""

    count: int


class Summary(Struct, frozen=True):
    """A run's figures.

    ``sent`` is the sum of ``accepted``, ``duplicates``, ``rate_limited``, ``invalid``, ``in_progress`` and ``failed``,
    all of them events by their final answer. ``accepted`` includes ``malformed_accepted``, which ingest takes and the
    processor makes dead letters; ``invalid`` are the ones that ingest itself refused. ``dropped`` were never sent.

    Attributes:
        latency_ms: From the intended start, retries included.
        latency_by_outcome: The same in parts, for the outcomes that there were. Of the failed ones those that got no
            answer, and so took until a time-out, stand apart as ``no_answer``.
        service_ms: From writing a request to its answer.
        lateness_ms: From the intended start until the generator turned to the request.
        answers: Attempts by answer.
        remarks: What the figures mean, where that is not plain.
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
    remarks: list[str]
    timeline: list[Point]

    @property
    def nothing_arrived(self) -> bool:
        """Whether no request found a connection."""
        return not self.sent or self.answers.get("no answer: no connection") == sum(self.answers.values())

    def to_json(self) -> dict[str, Any]:
        """Builtin values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values


def summarize(run: Run) -> Summary:
    """The figures of a finished run."""
    tally = run.tally
    return Summary(
        seed=run.job.seed,
        workers=run.workers,
        interrupted=run.interrupted,
        seconds=round(run.elapsed_seconds, 3),
        achieved_rate=round(tally.sent / run.sending_seconds, 3) if run.sending_seconds else 0.0,
        sent=tally.sent,
        malformed_accepted=tally.malformed_accepted,
        accepted=tally.count(Outcome.ACCEPTED),
        duplicates=tally.count(Outcome.DUPLICATE),
        rate_limited=tally.count(Outcome.RATE_LIMITED),
        invalid=tally.count(Outcome.INVALID),
        in_progress=tally.count(Outcome.IN_PROGRESS),
        failed=tally.count(Outcome.FAILED),
        dropped=tally.dropped,
        late=tally.late,
        retries=tally.retries,
        latency_ms=_durations(tally.latency),
        latency_by_outcome={name: _counted(tally.latencies[name]) for name in ANSWERED if name in tally.latencies},
        service_ms=_durations(tally.service),
        lateness_ms=_durations(tally.lateness),
        answers=dict(tally.answers.most_common()),
        tenants={tenant: _of_tenant(run, tenant) for tenant in run.job.target.keys},
        generator_was_bottleneck=generator_was_bottleneck(tally),
        remarks=remarks(run),
        timeline=run.points,
    )


def _durations(histogram: Histogram) -> Durations:
    seconds = (histogram.mean, *map(histogram.percentile, (50, 95, 99)), histogram.max)
    return Durations(*(round(value * 1_000, 3) for value in seconds))


def _counted(histogram: Histogram) -> CountedDurations:
    return CountedDurations(**msgspec.structs.asdict(_durations(histogram)), count=histogram.count)


def _of_tenant(run: Run, tenant: str) -> dict[str, int]:
    return {str(outcome): run.tally.count(outcome, tenant) for outcome in Outcome}
