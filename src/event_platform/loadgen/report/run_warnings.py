"""What a run's figures mean, in plain sentences, where a reader could misread them."""

from collections.abc import Iterator
from typing import Final

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.recording.counters import LATE_SECONDS, Counters
from event_platform.loadgen.sending.load_run import LoadRun
from event_platform.loadgen.sending.target import Target

_MAX_LATE_SHARE: Final = 0.01
_MOST: Final = 0.5


def generator_was_bottleneck(counters: Counters) -> bool:
    """Whether so many requests started late that the latencies measure the generator rather than the platform."""
    return counters.dropped > 0 or counters.late > _MAX_LATE_SHARE * max(counters.lateness.count, 1)


def warnings_of(run: LoadRun) -> list[str]:
    """Return all warnings about a run, the most important first."""
    return [*_about_generator(run), *_about_platform(run)]


def _about_generator(run: LoadRun) -> Iterator[str]:
    counters = run.counters
    if run.interrupted:
        yield "Interrupted: the figures cover what was sent until then."
    elif not counters.sent and not counters.dropped:
        yield "Nothing was sent: the scenario, its rates and its duration leave no event to send."
    if generator_was_bottleneck(counters):
        yield (
            f"The generator itself was the bottleneck: {counters.late:,} of {counters.lateness.count:,} requests "
            f"started more than {LATE_SECONDS * 1_000:.0f} ms late and {counters.dropped:,} events were never sent; "
            "the latencies contain its delay. Use more --workers, a lower --rps, or another machine."
        )
    if counters.waited:
        yield (
            f"{counters.waited:,} requests waited for a connection, because all "
            f"{run.config.send_options.connections} of a worker were in use; their latency contains the wait."
        )


def _about_platform(run: LoadRun) -> Iterator[str]:
    counters = run.counters
    unreachable = counters.answers["no answer: no connection"]
    if unreachable > _MOST * counters.answers.total():
        yield _unreachable(run.config.target)
    if counters.count(Outcome.RATE_LIMITED) > _MOST * counters.sent:
        yield (
            "Most answers were 429: the quota of a tenant is RATE_LIMIT_PER_MIN (300 by default) in any 60 seconds. "
            "Raise it where ingest runs: `event-platform start ingest --env RATE_LIMIT_PER_MIN=60000` for all tenants, "
            "with `--env RATE_LIMITS=tenant_a:60000` for one."
        )
    if counters.answers["401 UNAUTHORIZED"] > _MOST * counters.answers.total():
        yield "Most answers were 401: give the platform's API keys with --keys tenant:key,… or in API_KEYS."


def _unreachable(target: Target) -> str:
    if target.tls:
        return (
            f"No TLS connection to {target.authority} could be made: nothing listens there, or it speaks plain HTTP, "
            "or its certificate is not trusted here."
        )
    return f"Nothing listens at {target.authority}: start it with `event-platform up`, or give --url."
