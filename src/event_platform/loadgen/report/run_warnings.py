"""What a run's figures mean, in plain sentences, where a reader could misread them."""

from collections.abc import Iterator

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.recording.counters import LATE_SECONDS, Tally
from event_platform.loadgen.sending.load_run import Run
from event_platform.loadgen.sending.request_encoder import Target

_LATE_SHARE = 0.01
_MOST = 0.5


def generator_was_bottleneck(tally: Tally) -> bool:
    """Whether so many requests started late that the latencies tell of the generator, not of the platform."""
    return tally.dropped > 0 or tally.late > _LATE_SHARE * max(tally.lateness.count, 1)


def remarks(run: Run) -> list[str]:
    """In the order in which they matter."""
    return [*_about_generator(run), *_about_platform(run)]


def _about_generator(run: Run) -> Iterator[str]:
    tally = run.tally
    if run.interrupted:
        yield "Interrupted: the figures are of what was sent until then."
    elif not tally.sent and not tally.dropped:
        yield "Nothing was sent: the scenario, its rates and its duration leave no event to send."
    if generator_was_bottleneck(tally):
        yield (
            f"The generator itself was the bottleneck: {tally.late:,} of {tally.lateness.count:,} requests started "
            f"more than {LATE_SECONDS * 1_000:.0f} ms late and {tally.dropped:,} events were never sent; the latencies "
            "contain its delay. Use more --workers, a lower --rps, or another machine."
        )
    if tally.waited:
        yield (
            f"{tally.waited:,} requests waited for a connection, because all {run.job.manner.connections} of a worker "
            "were waiting for answers; their latency contains the wait."
        )


def _about_platform(run: Run) -> Iterator[str]:
    tally = run.tally
    unreachable = tally.answers["no answer: no connection"]
    if unreachable > _MOST * tally.answers.total():
        yield _unreachable(run.job.target)
    if tally.count(Outcome.RATE_LIMITED) > _MOST * tally.sent:
        yield (
            "Most answers were 429: the quota of a tenant is RATE_LIMIT_PER_MIN (300 by default) in any 60 seconds. "
            "Raise it where ingest runs: `event-platform start ingest --env RATE_LIMIT_PER_MIN=60000` for all tenants, "
            "with `--env RATE_LIMITS=tenant_a:60000` for one."
        )
    if tally.answers["401 UNAUTHORIZED"] > _MOST * tally.answers.total():
        yield "Most answers were 401: give the platform's API keys with --keys tenant:key,… or in API_KEYS."


def _unreachable(target: Target) -> str:
    if target.tls:
        return (
            f"No TLS connection to {target.authority} could be made: nothing listens there, or it speaks plain HTTP, "
            "or its certificate is not trusted here."
        )
    return f"Nothing listens at {target.authority}: start it with `event-platform up`, or give --url."
