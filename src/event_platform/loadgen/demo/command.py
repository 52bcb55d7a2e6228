"""``event-platform demo`` and ``demo-failure``: show the platform at work, and under outages."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from event_platform.core.settings.loading import load
from event_platform.loadgen.demo import platform_control
from event_platform.loadgen.demo.experiments import EXPERIMENTS, Experiment
from event_platform.loadgen.demo.rate_limits import raised_quotas, rate_limits_setting
from event_platform.loadgen.demo.runner import ExperimentRunner
from event_platform.loadgen.exit_codes import RECONCILIATION_FAILED
from event_platform.loadgen.finite_range import MINUTES, FiniteRange
from event_platform.loadgen.options import Options, run_config
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.report import progress, text_report
from event_platform.loadgen.report.summary import summarize
from event_platform.loadgen.sending.load_run import run_load
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target

_DEMO_RATE: Final = 40.0
_VERIFY_SECONDS: Final = 180.0


@click.command()
@click.option("--minutes", type=MINUTES, default=1.0, show_default=True, help="Duration.")
def demo(minutes: float) -> None:
    """Send sample traffic, so that the dashboard moves; start the platform if it is not running."""
    urls, tenants = _prepare()
    click.echo(f"sending {_DEMO_RATE:g} events/s for {minutes:g} min: see {urls['admin']}/")
    try:
        options = Options(rps=_DEMO_RATE, minutes=minutes, url=urls["ingest"], tenants=len(tenants))
        with progress.run_progress(quiet=False) as on_progress:
            summary = summarize(run_load(run_config(options), 1, on_progress))
        click.echo(text_report.render(summary))
    finally:
        _restore_quota()
    click.echo(f"Look around: {urls['admin']}/ (dead letters: {urls['admin']}/dlq)")


@click.command(name="demo-failure")
@click.argument("experiments", nargs=-1, type=click.Choice([experiment.name for experiment in EXPERIMENTS]))
@click.option(
    "--outage-seconds",
    type=FiniteRange(1, 3_600),
    default=20.0,
    show_default=True,
    help="Length of outages; the other experiments scale with it.",
)
def demo_failure(experiments: tuple[str, ...], outage_seconds: float) -> None:
    """Stop parts of the platform under load, and reconcile every event at the end.

    Runs the experiments that are named, or all of them in order.
    """
    urls, tenants = _prepare()
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, _admin_api(urls) as api:
        runner = ExperimentRunner(api, Path(folder), outage_seconds, click.echo)
        try:
            for experiment in _selected(experiments):
                _run(experiment, runner, urls["ingest"], tenants)
            reconciled = _reconcile(runner)
        finally:
            _restore_quota()
    if not reconciled:
        raise SystemExit(RECONCILIATION_FAILED)


def _prepare() -> tuple[dict[str, str], list[str]]:
    """Start the platform if needed and raise its quotas; return the URLs of its services and its tenants."""
    if not platform_control.is_up():
        click.echo("starting the platform")
        platform_control.up()
    tenants = list(dict(load("loadgen").key_pairs()))
    setting = rate_limits_setting(raised_quotas(tenants))
    click.echo(f"restarting ingest with a raised quota: RATE_LIMITS={setting['RATE_LIMITS']}")
    platform_control.start("ingest", setting)
    return platform_control.urls(), tenants


def _restore_quota() -> None:
    click.echo("restarting ingest with its usual quota")
    platform_control.start("ingest")


def _admin_api(urls: dict[str, str]) -> AdminApi:
    return AdminApi(urls["admin"], next(iter(load("loadgen").named_tokens().values()), None))


def _selected(names: tuple[str, ...]) -> Iterator[Experiment]:
    return (experiment for experiment in EXPERIMENTS if not names or experiment.name in names)


def _run(experiment: Experiment, runner: ExperimentRunner, ingest_url: str, tenants: list[str]) -> None:
    click.echo(f"\n{experiment.description}")
    experiment.prepare(runner, tenants)
    scenario = experiment.scenario(runner.outage_seconds)
    config = RunConfig(
        scenario=scenario,
        target=parse_target(ingest_url, dict(load("loadgen").key_pairs())),
        seed=time.time_ns() // 1_000,
        send_options=SendOptions(retries=experiment.retries),
        attempt_log=runner.new_attempt_log(),
    )
    runner.say(f"sending up to {scenario.peak_rate:g} events/s for {scenario.seconds:.0f} s")
    experiment.conclude(runner, runner.run(config, experiment.actions))


def _reconcile(runner: ExperimentRunner) -> bool:
    click.echo("\nReconciliation of the events of all experiments:")
    with progress.status_messages(quiet=False) as on_waiting:
        report = verify(runner.api, sorted(runner.folder.iterdir()), _VERIFY_SECONDS, on_waiting)
    click.echo(str(report))
    return report.reconciled
