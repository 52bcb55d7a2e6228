"""The command line ``event-platform``: thin, and each verb's module is imported only when the verb runs."""

import sys

from event_platform.core import sighup

if sys.argv[1:2] == ["ingest"]:
    # It would end the process until it can be followed, and what is imported until then takes a second.
    sighup.hold()

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import click

from event_platform.core.errors import PlatformError


@dataclass(frozen=True)
class Verb:
    """Where a verb's command is, its line in the help, and whether it works on the servers of a running platform."""

    module: str
    help: str
    on_running_servers: bool = False


_LOCAL = "event_platform.local.cli.commands"
_SERVICES = "event_platform.service_commands"

VERBS: Final = {
    "up": Verb(_LOCAL, "Start servers and services, and keep them running."),
    "down": Verb(_LOCAL, "Stop all of them."),
    "stop": Verb(_LOCAL, "Stop one service or server."),
    "start": Verb(_LOCAL, "Start one that was stopped."),
    "status": Verb(_LOCAL, "Show what runs, where, and how often it was restarted."),
    "logs": Verb(_LOCAL, "Show what services and servers wrote."),
    "doctor": Verb(_LOCAL, "Say what is missing or unreachable, and what to do."),
    "ingest": Verb(_SERVICES, "Run the service that accepts events."),
    "processor": Verb(_SERVICES, "Run the service that stores events."),
    "admin": Verb(_SERVICES, "Run the admin API and the dashboard."),
    "migrate": Verb(_SERVICES, "Apply the migrations that Postgres does not have yet.", on_running_servers=True),
    "topics": Verb(_SERVICES, "Create the topics that Kafka does not have yet.", on_running_servers=True),
    "loadgen": Verb("event_platform.loadgen.command", "Send events as producers would, and report."),
    "demo": Verb("event_platform.loadgen.demo", "Send sample traffic to a running platform."),
    "demo-failure": Verb("event_platform.loadgen.demo", "Show that outages lose nothing."),
    "rewind": Verb(
        "event_platform.processor.rewind", "Move the processor back to read messages again.", on_running_servers=True
    ),
}
"""In the order of the help."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        verb = VERBS.get(cmd_name)
        command = getattr(import_module(verb.module), cmd_name.replace("-", "_")) if verb else None
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="event-platform")
@click.pass_context
def cli(context: click.Context) -> None:
    """An internal event platform: HTTP in, Kafka and Postgres behind it, one dashboard in front."""
    verb = VERBS.get(context.invoked_subcommand or "")
    if verb and verb.on_running_servers:
        from event_platform.local.cli import running_servers  # noqa: PLC0415 - no other verb needs it

        running_servers.add_to(os.environ)


def main() -> None:
    """Run the command line; what went wrong is said in a sentence, with exit status 1."""
    try:
        cli(prog_name="event-platform")
    except PlatformError as error:
        click.echo(f"event-platform: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
