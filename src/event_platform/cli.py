"""The command line ``event-platform``: thin, and each verb's module is imported only when the verb runs."""

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import click

from event_platform.core.errors import PlatformError


@dataclass(frozen=True)
class _Verb:
    module: str
    help: str


_LOCAL = "event_platform.local.commands"
_SERVICES = "event_platform.service_commands"

_VERBS: Final = {
    "up": _Verb(_LOCAL, "Start servers and services, and keep them running."),
    "down": _Verb(_LOCAL, "Stop all of them."),
    "stop": _Verb(_LOCAL, "Stop one service or server."),
    "start": _Verb(_LOCAL, "Start one that was stopped."),
    "status": _Verb(_LOCAL, "Show what runs, where, and how often it was restarted."),
    "logs": _Verb(_LOCAL, "Show what services and servers wrote."),
    "doctor": _Verb(_LOCAL, "Say what is missing or unreachable, and what to do."),
    "ingest": _Verb(_SERVICES, "Run the service that accepts events."),
    "processor": _Verb(_SERVICES, "Run the service that stores events."),
    "admin": _Verb(_SERVICES, "Run the admin API and the dashboard."),
    "migrate": _Verb(_SERVICES, "Apply the migrations that Postgres does not have yet."),
    "topics": _Verb(_SERVICES, "Create the topics that Kafka does not have yet."),
    "loadgen": _Verb("event_platform.loadgen.command", "Send events as producers would, and report."),
    "demo": _Verb("event_platform.loadgen.demo", "Send sample traffic to a running platform."),
    "demo-failure": _Verb("event_platform.loadgen.demo", "Show that outages lose nothing."),
    "rewind": _Verb("event_platform.processor.rewind", "Move the processor back to read messages again."),
}
"""In the order of the help."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        verb = _VERBS.get(cmd_name)
        command = getattr(import_module(verb.module), cmd_name.replace("-", "_")) if verb else None
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in _VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="event-platform")
def cli() -> None:
    """An internal event platform: HTTP in, Kafka and Postgres behind it, one dashboard in front."""


def main() -> None:
    """Run the command line; what went wrong is said in a sentence, with exit status 1."""
    try:
        cli(prog_name="event-platform")
    except PlatformError as error:
        click.echo(f"event-platform: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
