"""The verbs of the local platform: up, down, stop, start, status, logs, doctor."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Final

import click

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.local.cli import doctor as checks
from event_platform.local.cli import launch, log_viewer, status_text
from event_platform.local.cli.purge import purge as purge_state
from event_platform.local.process import readiness
from event_platform.local.servers import external_servers, local_servers
from event_platform.local.servers.required_packages import check_installed
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ControlRequest, ControlResponse

_REQUEST_TIMEOUT_SECONDS: Final = readiness.START_TIMEOUT_SECONDS + 45.0


@click.command()
@click.option("--detach", is_flag=True, help="Return when all is ready; it keeps running in the background.")
def up(detach: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Start Postgres, Redis, Kafka and the services, and keep them running; in the foreground until Ctrl-C."""
    settings = load()
    for remark in settings.warnings:
        click.echo(remark, err=True)
    if len(external_servers.names(settings)) < len(local_servers.NAMES):
        check_installed()
    state_dir = directory.locate(settings.event_platform_home)
    if lock.is_held(state_dir.lock_file):
        click.echo("the platform is running already; nothing was changed")
        _show_if_answering(state_dir.home)
        return
    state_dir.create()
    if detach:
        launch.start_in_background(state_dir, click.echo)
    else:
        launch.run_in_foreground(state_dir)


def _show_if_answering(home: Path) -> None:
    response = control_protocol.send(home, ControlRequest("status"))
    if response:
        click.echo(status_text.as_table(response.entries, secrets=False))


@click.command()
@click.option("--purge", is_flag=True, help="Remove its data, passwords and logs, too.")
def down(purge: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Stop everything; data stays for the next `up`."""
    state_dir = directory.locate(load("down").event_platform_home)
    click.echo("stopped" if launch.stop(state_dir) else "nothing was running")
    if purge:
        click.echo(
            "data, passwords and logs were removed" if purge_state(state_dir) else "there was nothing of ours to remove"
        )


@click.command()
@click.argument("name")
def stop(name: str) -> None:
    """Stop one service or server, until `start`."""
    _send(load("down"), ControlRequest("stop", name))
    click.echo(f"{name} stopped")


@click.command()
@click.argument("name")
@click.option("--env", "pairs", multiple=True, metavar="SETTING=VALUE", help="A setting for this run of a service.")
def start(name: str, pairs: tuple[str, ...]) -> None:
    """Start one service or server that was stopped; restart a service where `--env` changes its settings."""
    response = _send(load(), ControlRequest("start", name, dict(map(_parse_pair, pairs))))
    click.echo(f"{name} is ready" if response.changed else f"{name} was running already")


def _parse_pair(text: str) -> tuple[str, str]:
    setting, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--env {text}: expected SETTING=VALUE")
    return setting.upper(), value


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts and tests.")
@click.option("--secrets", is_flag=True, help="With passwords.")
def status(as_json: bool, secrets: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Show what runs, where, and how often it was restarted."""
    response = _send(load(), ControlRequest("status"))
    if as_json:
        click.echo(json.dumps(status_text.as_json(response.entries, secrets=secrets), indent=2))
    else:
        click.echo(status_text.as_table(response.entries, secrets=secrets))


def _send(settings: Settings, request: ControlRequest) -> ControlResponse:
    home = settings.event_platform_home.absolute()
    response = control_protocol.send(home, request, _REQUEST_TIMEOUT_SECONDS)
    if response is None:
        raise UnavailableError(f"the platform in {home} is not running: start it with `event-platform up`")
    if response.error:
        raise UnavailableError(response.error)
    return response


@click.command()
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Show what is written from now on, too, until Ctrl-C.")
def logs(service: str | None, follow: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Show the end of the log of a service or server, or of all."""
    log_directory = load("down").event_platform_home.absolute() / "logs"
    known = log_viewer.names(log_directory)
    if service and service not in known:
        raise ConfigurationError(f"{service} has no log in {log_directory}, which has {', '.join(known) or 'none'}")
    wanted = [service] if service else known
    ends = ((name, line) for name in wanted for line in log_viewer.last_lines(log_directory, name))
    with contextlib.suppress(KeyboardInterrupt):
        for name, line in log_viewer.follow(log_directory, wanted) if follow else ends:
            click.echo(f"{name:<10} {line}" if len(wanted) > 1 else line)


@click.command()
def doctor() -> None:
    """Check everything `up` needs: one line each that says what is in order, or what is wrong and what to do."""
    results = list(checks.run_checks(load()))
    for result in results:
        click.echo(f"{'ok     ' if result.is_ok else 'PROBLEM'} {result.subject}: {result.message}")
    sys.exit(0 if all(result.is_ok for result in results) else 1)
