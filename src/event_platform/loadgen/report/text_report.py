"""The summary as text for a terminal or a log, without colour."""

from collections.abc import Iterator

from event_platform.loadgen.report.summary import Durations, Summary


def render(summary: Summary) -> str:
    """Return the figures, followed by the warnings about them."""
    return "\n".join([*figures(summary), *summary.warnings])


def figures(summary: Summary) -> Iterator[str]:
    """Yield lines with what was counted and measured, without the warnings."""
    yield from _counts(summary)
    if len(summary.tenants) > 1:
        yield from _tenants(summary)
    yield from _answers(summary)
    yield from _latencies(summary)
    yield f"rate achieved   {summary.achieved_rate:,.1f} events/s over {summary.seconds:,.1f} s"
    yield f"seed            {summary.seed}"


def _counts(summary: Summary) -> Iterator[str]:
    yield f"sent            {summary.sent:>10,}"
    malformed = summary.malformed_accepted
    of_which = f"   of which malformed, to become dead letters: {malformed:,}" if malformed else ""
    yield f"  accepted      {summary.accepted:>10,}{of_which}"
    yield f"  duplicates    {summary.duplicates:>10,}"
    yield f"  rate-limited  {summary.rate_limited:>10,}"
    yield f"  invalid       {summary.invalid:>10,}"
    if summary.in_progress:
        yield f"  in progress   {summary.in_progress:>10,}   (409: the first request of the key was in progress)"
    yield f"  failed        {summary.failed:>10,}"
    for name, number in (("never sent", summary.dropped), ("retries", summary.retries), ("late starts", summary.late)):
        if number:
            yield f"{name:<16}{number:>10,}"


def _tenants(summary: Summary) -> Iterator[str]:
    yield "by tenant"
    for tenant, counts in summary.tenants.items():
        shown = ", ".join(f"{name.replace('_', '-')} {number:,}" for name, number in counts.items() if number)
        yield f"  {tenant}: {shown or 'nothing'}"


def _answers(summary: Summary) -> Iterator[str]:
    yield "answers"
    yield from (f"  {label:<32}{number:>10,}" for label, number in summary.answers.items())


def _latencies(summary: Summary) -> Iterator[str]:
    yield f"{'milliseconds':<16}{'avg':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}"
    yield _durations_line("latency", summary.latency_ms)
    for name, durations in summary.latency_by_outcome.items():
        yield _durations_line(f"  {name.replace('_', '-')}", durations)
    yield _durations_line("service time", summary.service_ms)
    yield _durations_line("start lateness", summary.lateness_ms)


def _durations_line(name: str, durations: Durations) -> str:
    values = (durations.avg, durations.p50, durations.p95, durations.p99, durations.max)
    return f"{name:<16}" + "".join(f"{value:>10,.2f}" for value in values)
