"""``event-platform demo`` and ``demo-failure``: the platform shown at work, and under outages."""

import tempfile
import time
from pathlib import Path

import click

from event_platform.core.settings.loading import load
from event_platform.loadgen import options as given
from event_platform.loadgen.command import DOES_NOT_BALANCE
from event_platform.loadgen.demo import platform_control
from event_platform.loadgen.demo.experiments import ACTS, HIGH_QUOTA, Act
from event_platform.loadgen.demo.runner import Stage, quota
from event_platform.loadgen.finite_range import MINUTES, Finite
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.reconciliation.verify import verify
from event_platform.loadgen.report import progress, text_report
from event_platform.loadgen.report.summary import summarize
from event_platform.loadgen.sending.load_run import run
from event_platform.loadgen.sending.request_encoder import target
from event_platform.loadgen.sending.sender import Manner
from event_platform.loadgen.sending.worker import Job

_DEMO_RATE = 40.0
_VERIFY_SECONDS = 180.0


@click.command()
@click.option("--minutes", type=MINUTES, default=1.0, show_default=True, help="How long.")
def demo(minutes: float) -> None:
    """Send sample traffic, so that the dashboard moves; starts the platform if it does not run."""
    urls, tenants = _prepare()
    click.echo(f"sending {_DEMO_RATE:g} events/s for {minutes:g} min: see {urls['admin']}/")
    try:
        options = given.Options(rps=_DEMO_RATE, minutes=minutes, url=urls["ingest"], tenants=len(tenants))
        with progress.shown(quiet=False) as on_progress:
            summary = summarize(run(given.job(options), 1, on_progress))
        click.echo(text_report.text(summary))
    finally:
        _restore()
    click.echo(f"Look around: {urls['admin']}/ (dead letters: {urls['admin']}/dlq)")


@click.command(name="demo-failure")
@click.argument("acts", nargs=-1, type=click.Choice([act.name for act in ACTS]))
@click.option(
    "--outage-seconds",
    type=Finite(1, 3_600),
    default=20.0,
    show_default=True,
    help="Length of outages; the other acts follow.",
)
def demo_failure(acts: tuple[str, ...], outage_seconds: float) -> None:
    """Stop parts of the platform under load, and account for every event at the end; all ACTS, or those named."""
    urls, tenants = _prepare()
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, _admin_api(urls) as api:
        stage = Stage(api, Path(folder), outage_seconds, click.echo)
        try:
            for act in (act for act in ACTS if act.name in (acts or {each.name for each in ACTS})):
                _play(act, stage, urls["ingest"], tenants)
            balanced = _account(stage)
        finally:
            _restore()
    if not balanced:
        raise SystemExit(DOES_NOT_BALANCE)


def _prepare() -> tuple[dict[str, str], list[str]]:
    """A running platform whose quota lets the traffic through; its addresses and tenants."""
    if not platform_control.is_up():
        click.echo("starting the platform")
        platform_control.up()
    tenants = list(dict(load("loadgen").key_pairs()))
    raised = quota((tenant, HIGH_QUOTA) for tenant in tenants)
    click.echo(f"starting ingest again with a raised quota: RATE_LIMITS={raised['RATE_LIMITS']}")
    platform_control.start("ingest", raised)
    return platform_control.urls(), tenants


def _restore() -> None:
    click.echo("starting ingest again with its usual quota")
    platform_control.start("ingest")


def _admin_api(urls: dict[str, str]) -> AdminApi:
    return AdminApi(urls["admin"], next(iter(load("loadgen").named_tokens().values()), None))


def _play(act: Act, stage: Stage, ingest_url: str, tenants: list[str]) -> None:
    click.echo(f"\n{act.promise}")
    act.prepare(stage, tenants)
    traffic = act.traffic(stage.outage_seconds)
    job = Job(
        scenario=traffic,
        target=target(ingest_url, dict(load("loadgen").key_pairs())),
        seed=time.time_ns() // 1_000,
        manner=Manner(retries=act.retries),
        ledger=stage.next_ledger(),
    )
    stage.say(f"sending up to {traffic.peak_rate:g} events/s for {traffic.seconds:.0f} s")
    act.conclude(stage, stage.perform(job, act.script))


def _account(stage: Stage) -> bool:
    click.echo("\nWhat became of every event of all acts:")
    with progress.sentences(quiet=False) as on_waiting:
        sheet = verify(stage.api, sorted(stage.folder.iterdir()), _VERIFY_SECONDS, on_waiting)
    click.echo(str(sheet))
    return sheet.balanced
