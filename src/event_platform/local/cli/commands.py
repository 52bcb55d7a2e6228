"""The verbs of the local platform: up, down, stop, start, status, logs, doctor."""

import contextlib
import json
import sys
from pathlib import Path

import click

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.local.cli import doctor as examination
from event_platform.local.cli import launch, status_text
from event_platform.local.cli import log_viewer as log_files
from event_platform.local.cli.purge import purge as purge_place
from event_platform.local.process import readiness
from event_platform.local.servers import external_servers
from event_platform.local.servers.required_packages import check_installed
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Answer, Request

_ORDER_TIMEOUT_SECONDS = readiness.START_TIMEOUT_SECONDS + 45.0


@click.command()
@click.option("--detach", is_flag=True, help="Return when all is ready; it keeps running in the background.")
def up(detach: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Start Postgres, Redis, Kafka and the services, and keep them running; in the foreground until Ctrl-C."""
    settings = load()
    for remark in settings.remarks:
        click.echo(remark, err=True)
    if len(external_servers.names(settings)) < len(("kafka", "postgres", "redis")):
        check_installed()
    found = directory.find(settings.event_platform_home)
    if lock.is_held(found.lock):
        click.echo("the platform is running already; nothing was changed")
        _show_if_answering(found.home)
        return
    found.create()
    if detach:
        launch.in_background(found, click.echo)
    else:
        launch.become_supervisor(found)


def _show_if_answering(home: Path) -> None:
    answer = control_protocol.ask(home, Request("status"))
    if answer:
        click.echo(status_text.as_table(answer.entries, secrets=False))


@click.command()
@click.option("--purge", is_flag=True, help="Remove its data, passwords and logs, too.")
def down(purge: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Stop all of it; data stays for the next `up`."""
    found = directory.find(load("down").event_platform_home)
    click.echo("stopped" if launch.end(found) else "nothing was running")
    if purge:
        click.echo(
            "data, passwords and logs were removed" if purge_place(found) else "there was nothing of ours to remove"
        )


@click.command()
@click.argument("name")
def stop(name: str) -> None:
    """Stop one service or server, until `start`."""
    _ask(load("down"), Request("stop", name))
    click.echo(f"{name} stopped")


@click.command()
@click.argument("name")
@click.option("--env", "pairs", multiple=True, metavar="SETTING=VALUE", help="A setting for this run of a service.")
def start(name: str, pairs: tuple[str, ...]) -> None:
    """Start one service or server that was stopped; with other settings than it has, start it again."""
    answer = _ask(load(), Request("start", name, dict(map(_pair, pairs))))
    click.echo(f"{name} is ready" if answer.changed else f"{name} was running already")


def _pair(text: str) -> tuple[str, str]:
    setting, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--env {text}: expected SETTING=VALUE")
    return setting.upper(), value


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts and tests.")
@click.option("--secrets", is_flag=True, help="With passwords.")
def status(as_json: bool, secrets: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Show what runs, where, and how often it was restarted."""
    answer = _ask(load(), Request("status"))
    if as_json:
        click.echo(json.dumps(status_text.as_json(answer.entries, secrets=secrets), indent=2))
    else:
        click.echo(status_text.as_table(answer.entries, secrets=secrets))


def _ask(settings: Settings, request: Request) -> Answer:
    home = settings.event_platform_home.absolute()
    answer = control_protocol.ask(home, request, _ORDER_TIMEOUT_SECONDS)
    if answer is None:
        raise UnavailableError(f"the platform in {home} is not running: start it with `event-platform up`")
    if answer.error:
        raise UnavailableError(answer.error)
    return answer


@click.command()
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
def logs(service: str | None, follow: bool) -> None:  # noqa: FBT001 - click passes options by keyword
    """Show the end of what a service or server wrote; of all of them without a name."""
    folder = load("down").event_platform_home.absolute() / "logs"
    known = log_files.names(folder)
    if service and service not in known:
        raise ConfigurationError(f"{service} has no log in {folder}, which has {', '.join(known) or 'none'}")
    wanted = [service] if service else known
    ends = ((name, line) for name in wanted for line in log_files.last_lines(folder, name))
    with contextlib.suppress(KeyboardInterrupt):
        for name, line in log_files.follow(folder, wanted) if follow else ends:
            click.echo(f"{name:<10} {line}" if len(wanted) > 1 else line)


@click.command()
def doctor() -> None:
    """Say in one line each what is in order, missing or unreachable, and what to do."""
    findings = list(examination.examine(load()))
    for finding in findings:
        click.echo(f"{'ok     ' if finding.is_ok else 'PROBLEM'} {finding.about}: {finding.text}")
    sys.exit(0 if all(finding.is_ok for finding in findings) else 1)
