"""The command line ``event-platform``; a verb's module is imported only when the verb runs."""

import sys

from event_platform.core import sighup

if sys.argv[1:2] == ["ingest"]:
    # SIGHUP would kill the process until its handler is installed, and the imports until then take a second.
    sighup.block()

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import click

from event_platform.core.errors import PlatformError


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command line.

    Attributes:
        module: The module that defines its click command.
        help: Its line in the help.
        on_running_servers: Whether it uses the servers of a running platform where the settings name none.
    """

    module: str
    help: str
    on_running_servers: bool = False


_LOCAL: Final = "event_platform.local.cli.commands"
_SERVICES: Final = "event_platform.service_commands"

VERBS: Final = {
    "up": Verb(_LOCAL, "Start servers and services, and keep them running."),
    "down": Verb(_LOCAL, "Stop all services and servers."),
    "stop": Verb(_LOCAL, "Stop one service or server."),
    "start": Verb(_LOCAL, "Start a service or server that was stopped."),
    "status": Verb(_LOCAL, "Show what runs, where, and how often it was restarted."),
    "logs": Verb(_LOCAL, "Show what services and servers wrote."),
    "doctor": Verb(_LOCAL, "Check what is missing or unreachable, and say what to do."),
    "ingest": Verb(_SERVICES, "Run the service that accepts events."),
    "processor": Verb(_SERVICES, "Run the service that stores events."),
    "admin": Verb(_SERVICES, "Run the admin API and the dashboard."),
    "migrate": Verb(_SERVICES, "Apply the migrations that Postgres does not have yet.", on_running_servers=True),
    "topics": Verb(_SERVICES, "Create the topics that Kafka does not have yet.", on_running_servers=True),
    "loadgen": Verb("event_platform.loadgen.command", "Send events as producers would, and report."),
    "demo": Verb("event_platform.loadgen.demo.command", "Send sample traffic to a running platform."),
    "demo-failure": Verb("event_platform.loadgen.demo.command", "Show that outages lose nothing."),
    "rewind": Verb(
        "event_platform.processor.rewind",
        "Move the processor's offsets back, to read records again.",
        on_running_servers=True,
    ),
}
"""All verbs, in the order in which the help lists them."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        verb = VERBS.get(cmd_name)
        command = getattr(import_module(verb.module), cmd_name.replace("-", "_")) if verb else None
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="event-platform")
@click.pass_context
def cli(context: click.Context) -> None:
    """An internal event platform: HTTP in, Kafka and Postgres behind it, one dashboard in front."""
    verb = VERBS.get(context.invoked_subcommand or "")
    if verb and verb.on_running_servers:
        from event_platform.local.cli import running_server_settings  # noqa: PLC0415 - no other verb needs it

        running_server_settings.add_to(os.environ)


def main() -> None:
    """Run the command line; on an error print one sentence and exit with status 1."""
    try:
        cli(prog_name="event-platform")
    except PlatformError as error:
        click.echo(f"event-platform: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
