"""``event-platform loadgen``: plays the producers, reports what they saw, and checks that nothing was lost."""

import tempfile
from pathlib import Path
from typing import Any, Final

import click

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen import options as given
from event_platform.loadgen.finite_range import MINUTES, Finite
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.report import output_files, progress, text_report
from event_platform.loadgen.report.fail_conditions import Condition
from event_platform.loadgen.report.summary import Summary, summarize
from event_platform.loadgen.sending.load_run import run
from event_platform.loadgen.sending.worker import Job
from event_platform.loadgen.traffic import scenario

DOES_NOT_BALANCE: Final = 3
"""Exit status."""

CONDITION_HOLDS: Final = 4
"""The same."""


_RATE = Finite(0, 1)

_EPILOG = (
    "Exit status: 0 all is well; 1 an error; 2 wrong options; 3 --verify found a difference; 4 a --fail-if condition "
    "holds."
)


@click.command(epilog=_EPILOG)
@click.option("--scenario", default="baseline", metavar="NAME|FILE", show_default=True, help="What to send.")
@click.option("--list", "list_scenarios", is_flag=True, help="Explain the scenarios, and end.")
@click.option(
    "--rps", type=Finite(0, 1_000_000, min_open=True), help="Highest rate in events/s; scales the scenario's."
)
@click.option("--minutes", type=MINUTES, help="Duration; scales the scenario's.")
@click.option("--duplicate-rate", type=_RATE, help="Share of duplicates, in place of the scenario's.")
@click.option("--bad-rate", type=_RATE, help="Share of malformed events: 4/5 become dead letters, 1/5 gets 400.")
@click.option("--tenants", type=click.IntRange(1), default=2, show_default=True, help="How many tenants send.")
@click.option("--keys", metavar="TENANT:KEY,…", help="API keys.  [default: those of API_KEYS]")
@click.option("--seed", type=click.IntRange(0), help="Same seed, same events and keys.  [default: the time in µs]")
@click.option("--url", help="Where ingest is.  [default: as INGEST_HOST and INGEST_PORT say]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that send.")
@click.option("--batch", type=click.IntRange(1, 1_000), metavar="N", help="Send batches of up to N events.")
@click.option("--retry", is_flag=True, help="Send again after 409, 429, 502 to 504 or no answer.")
@click.option("--timeout", type=Finite(0.1, 3_600), default=10.0, show_default=True, help="Seconds for an attempt.")
@click.option("--fail-if", multiple=True, metavar="CONDITION", help="Exit with 4 if, say, 'p99>50ms' or 'failed>1%'.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures there.")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a report there.")
@click.option("--verify", is_flag=True, help="Then account for every event sent, by asking the admin API.")
@click.option("--verify-timeout", type=Finite(1, 86_400), default=120.0, show_default=True, help="Seconds for that.")
@click.option("--admin-url", help="Where the admin API is.  [default: as ADMIN_HOST and ADMIN_PORT say]")
@click.option("--admin-token", envvar="ADMIN_TOKEN", help="Its token.  [default: the first one of ADMIN_TOKENS]")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def loadgen(*, list_scenarios: bool, **values: Any) -> None:  # noqa: ANN401 - click gives each its type
    """Send events as producers would: on schedule, whatever the answers do; then report.

    Without options it sends the scenario `baseline`: a minute within the default quota. Latency counts from the moment
    when a request was to start, so a slow platform cannot hide it. With --verify it then asks the admin API what became
    of every single event, and prints a balance sheet.
    """
    if list_scenarios:
        click.echo(explained())
        return
    options = given.Options(**values)
    with tempfile.TemporaryDirectory(prefix="loadgen-") as folder:
        ledger = Path(folder, "ledger") if options.verify else None
        job, conditions = _read(options, ledger)
        summary = _send(job, options)
        click.echo(text_report.text(summary))
        sheet = None
        try:
            sheet = _verified(options, Path(folder)) if options.verify else None
        finally:
            # What was measured is not lost because the admin API cannot be asked.
            output_files.write(options, summary, sheet)
    _exit(summary, sheet, conditions)


def _send(job: Job, options: given.Options) -> Summary:
    with progress.shown(quiet=options.quiet) as on_progress:
        return summarize(run(job, options.workers, on_progress))


def _verified(options: given.Options, folder: Path) -> BalanceSheet:
    with given.admin_api(options) as api, progress.sentences(quiet=options.quiet) as on_waiting:
        sheet = verify(api, sorted(folder.iterdir()), options.verify_timeout, on_waiting)
    click.echo(f"\n{sheet}")
    return sheet


def explained() -> str:
    """Each scenario with what it shows and what it takes."""
    return "\n".join(_explain(name, scenario.load(name)) for name in scenario.names())


def _explain(name: str, one: scenario.Scenario) -> str:
    return f"{name:<12}{one.description} ({one.seconds:.0f} s, up to {one.peak_rate:g} events/s)"


def _read(options: given.Options, ledger: Path | None) -> tuple[Job, tuple[Condition, ...]]:
    try:
        return given.job(options, ledger), given.conditions(options)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error


def _exit(summary: Summary, sheet: BalanceSheet | None, conditions: tuple[Condition, ...]) -> None:
    failed = [condition.text for condition in conditions if condition.holds(summary)]
    if failed:
        click.echo(f"failed by --fail-if: {', '.join(failed)}", err=True)
    if sheet is not None and not sheet.balanced:
        raise SystemExit(DOES_NOT_BALANCE)
    if failed:
        raise SystemExit(CONDITION_HOLDS)
    if summary.nothing_arrived:
        raise SystemExit(1)
