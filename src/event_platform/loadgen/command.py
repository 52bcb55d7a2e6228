"""``event-platform loadgen``: plays the producers, reports what they saw, and checks that nothing was lost."""

import json
from pathlib import Path
from typing import Any, Final

import click

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen import options as given
from event_platform.loadgen import progress, report, scenario
from event_platform.loadgen.fail_if import Condition
from event_platform.loadgen.run import run
from event_platform.loadgen.summary import summarize
from event_platform.loadgen.worker import Job

CONDITION_HOLDS: Final = 4
"""Exit status."""

_RATE = click.FloatRange(0, 1)

_EPILOG = (
    "Exit status: 0 all is well; 1 an error; 2 wrong options; 3 --verify found a difference; 4 a --fail-if condition "
    "holds."
)


@click.command(epilog=_EPILOG)
@click.option("--scenario", default="baseline", metavar="NAME|FILE", show_default=True, help="What to send.")
@click.option("--list", "list_scenarios", is_flag=True, help="Explain the scenarios, and end.")
@click.option("--rps", type=click.FloatRange(0, min_open=True), help="Highest rate in events/s; scales the scenario's.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Duration; scales the scenario's.")
@click.option("--duplicate-rate", type=_RATE, help="Share of duplicates, in place of the scenario's.")
@click.option("--bad-rate", type=_RATE, help="Share of malformed events: 4/5 become dead letters, 1/5 gets 400.")
@click.option("--tenants", type=click.IntRange(1), default=2, show_default=True, help="How many tenants send.")
@click.option("--keys", metavar="TENANT:KEY,…", help="API keys.  [default: those of API_KEYS]")
@click.option("--seed", type=click.IntRange(0), help="Same seed, same events and keys.  [default: the time in µs]")
@click.option("--url", help="Where ingest is.  [default: as INGEST_HOST and INGEST_PORT say]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that send.")
@click.option("--batch", type=click.IntRange(1, 1_000), metavar="N", help="Send batches of up to N events.")
@click.option("--retry", is_flag=True, help="Send again after 409, 429, 503 or no answer, as a good producer does.")
@click.option("--timeout", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Seconds for an attempt.")
@click.option("--fail-if", multiple=True, metavar="CONDITION", help="Exit with 4 if, say, 'p99>50ms' or 'failed>1%'.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures there.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def loadgen(*, list_scenarios: bool, json_file: Path | None, quiet: bool, **values: Any) -> None:  # noqa: ANN401 - click
    """Send events as producers would: on schedule, whatever the answers do; then report.

    Without options it sends the scenario `baseline`: a minute within the default quota. Latency counts from the moment
    when a request was to start, so a slow platform cannot hide it.
    """
    if list_scenarios:
        click.echo(explained())
        return
    job, conditions = _read(given.Options(**values))
    with progress.shown(quiet=quiet) as on_progress:
        summary = summarize(run(job, values["workers"], on_progress))
    click.echo(report.text(summary))
    if json_file:
        json_file.write_text(json.dumps(summary.to_json(), indent=2) + "\n", "utf-8")
    _exit_on([condition.text for condition in conditions if condition.holds(summary)])


def explained() -> str:
    """Each scenario with what it shows and what it takes."""
    return "\n".join(_explain(name, scenario.load(name)) for name in scenario.names())


def _explain(name: str, one: scenario.Scenario) -> str:
    return f"{name:<12}{one.description} ({one.seconds:.0f} s, up to {one.peak_rate:g} events/s)"


def _read(options: given.Options) -> tuple[Job, tuple[Condition, ...]]:
    try:
        return given.job(options), given.conditions(options)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error


def _exit_on(conditions: list[str]) -> None:
    if conditions:
        click.echo(f"failed by --fail-if: {', '.join(conditions)}", err=True)
        raise SystemExit(CONDITION_HOLDS)
