"""``event-platform loadgen``: sends events as producers would, reports what they got, and reconciles it."""

import tempfile
from pathlib import Path
from typing import Any, Final

import click

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.exit_codes import FAIL_CONDITION_MET, RECONCILIATION_FAILED
from event_platform.loadgen.finite_range import MINUTES, FiniteRange
from event_platform.loadgen.options import Options, admin_api, parse_fail_conditions, run_config
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.report import output_files, progress, text_report
from event_platform.loadgen.report.fail_conditions import FailCondition
from event_platform.loadgen.report.summary import Summary, summarize
from event_platform.loadgen.sending.load_run import run_load
from event_platform.loadgen.sending.run_config import RunConfig
from event_platform.loadgen.traffic import scenario_files

_RATE: Final = FiniteRange(0, 1)

_EPILOG: Final = (
    "Exit status: 0 success; 1 an error; 2 wrong options; 3 --verify found a difference; 4 a --fail-if condition holds."
)


@click.command(epilog=_EPILOG)
@click.option("--scenario", default="baseline", metavar="NAME|FILE", show_default=True, help="What to send.")
@click.option("--list", "list_scenarios", is_flag=True, help="Describe the scenarios and exit.")
@click.option(
    "--rps", type=FiniteRange(0, 1_000_000, min_open=True), help="Highest rate in events/s; scales the scenario's."
)
@click.option("--minutes", type=MINUTES, help="Duration; scales the scenario's.")
@click.option("--duplicate-rate", type=_RATE, help="Share of duplicates, in place of the scenario's.")
@click.option("--bad-rate", type=_RATE, help="Share of malformed events: 4/5 become dead letters, 1/5 gets 400.")
@click.option("--tenants", type=click.IntRange(1), default=2, show_default=True, help="Number of tenants that send.")
@click.option("--keys", metavar="TENANT:KEY,…", help="API keys.  [default: those of API_KEYS]")
@click.option("--seed", type=click.IntRange(0), help="Same seed, same events and keys.  [default: the time in µs]")
@click.option("--url", help="URL of ingest.  [default: from INGEST_HOST and INGEST_PORT]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Number of processes.")
@click.option("--batch", type=click.IntRange(1, 1_000), metavar="N", help="Send batches of up to N events.")
@click.option("--retry", is_flag=True, help="Retry after 409, 429, 502 to 504 or no answer.")
@click.option("--timeout", type=FiniteRange(0.1, 3_600), default=10.0, show_default=True, help="Seconds per attempt.")
@click.option("--fail-if", multiple=True, metavar="CONDITION", help="Exit with 4 if, say, 'p99>50ms' or 'failed>1%'.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures there.")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a report there.")
@click.option("--verify", is_flag=True, help="Then reconcile every event sent with what the admin API finds.")
@click.option("--verify-timeout", type=FiniteRange(1, 86_400), default=120.0, show_default=True, help="Seconds for it.")
@click.option("--admin-url", help="URL of the admin API.  [default: from ADMIN_HOST and ADMIN_PORT]")
@click.option("--admin-token", envvar="ADMIN_TOKEN", help="Its token.  [default: the first one of ADMIN_TOKENS]")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def loadgen(*, list_scenarios: bool, **values: Any) -> None:  # noqa: ANN401 - click gives each its type
    """Send events as producers would: on schedule, whatever the answers do; then report.

    Without options it sends the scenario `baseline`: a minute within the default quota. Latency counts from the moment
    when a request was to start, so a slow platform cannot hide it. With --verify it then asks the admin API what became
    of every single event, and prints a reconciliation report.
    """
    if list_scenarios:
        click.echo(_scenario_list())
        return
    options = Options(**values)
    with tempfile.TemporaryDirectory(prefix="loadgen-") as folder:
        config, fail_conditions = _configure(options, Path(folder))
        summary = _send(config, options)
        click.echo(text_report.render(summary))
        reconciliation = None
        try:
            reconciliation = _verify(options, Path(folder)) if options.verify else None
        finally:
            # The measurements are written even if the admin API is unavailable.
            _write_files(options, summary, reconciliation)
    _exit(summary, reconciliation, fail_conditions)


def _scenario_list() -> str:
    return "\n".join(_scenario_line(name) for name in scenario_files.names())


def _scenario_line(name: str) -> str:
    scenario = scenario_files.load(name)
    return f"{name:<12}{scenario.description} ({scenario.seconds:.0f} s, up to {scenario.peak_rate:g} events/s)"


def _configure(options: Options, folder: Path) -> tuple[RunConfig, tuple[FailCondition, ...]]:
    attempt_log = folder / "attempts" if options.verify else None
    try:
        return run_config(options, attempt_log), parse_fail_conditions(options)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error


def _send(config: RunConfig, options: Options) -> Summary:
    with progress.run_progress(quiet=options.quiet) as on_progress:
        return summarize(run_load(config, options.workers, on_progress))


def _verify(options: Options, folder: Path) -> ReconciliationReport:
    with admin_api(options) as api, progress.status_messages(quiet=options.quiet) as on_waiting:
        report = verify(api, sorted(folder.iterdir()), options.verify_timeout, on_waiting)
    click.echo(f"\n{report}")
    return report


def _write_files(options: Options, summary: Summary, reconciliation: ReconciliationReport | None) -> None:
    if options.json_file:
        output_files.write_json(options.json_file, options.scenario, summary, reconciliation)
    if options.html_file:
        output_files.write_html(options.html_file, options.scenario, summary, reconciliation)


def _exit(
    summary: Summary, reconciliation: ReconciliationReport | None, fail_conditions: tuple[FailCondition, ...]
) -> None:
    met = [condition.text for condition in fail_conditions if condition.holds(summary)]
    if met:
        click.echo(f"failed by --fail-if: {', '.join(met)}", err=True)
    if reconciliation is not None and not reconciliation.reconciled:
        raise SystemExit(RECONCILIATION_FAILED)
    if met:
        raise SystemExit(FAIL_CONDITION_MET)
    if summary.nothing_arrived:
        raise SystemExit(1)
