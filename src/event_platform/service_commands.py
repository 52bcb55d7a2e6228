"""The verbs that run one service, or prepare a server for the services."""

import click

from event_platform.core.errors import UnavailableError
from event_platform.core.settings.loading import load

_workers = click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes to share the work."
)


@click.command()
@_workers
def ingest(workers: int) -> None:
    """Accept events over HTTP and put them on Kafka, until SIGTERM or Ctrl-C."""
    from event_platform.ingest import app  # noqa: PLC0415 - no other verb needs it

    app.run(load("ingest"), workers)


@click.command()
@_workers
def processor(workers: int) -> None:
    """Store events from Kafka in Postgres, invalid ones as dead letters, until SIGTERM or Ctrl-C."""
    from event_platform.processor import app  # noqa: PLC0415 - no other verb needs it

    app.run(load("processor"), workers)


@click.command()
def admin() -> None:
    """Serve the admin API and the dashboard, until SIGTERM or Ctrl-C."""
    from event_platform.admin import app  # noqa: PLC0415 - no other verb needs it

    app.run(load("admin"))


@click.command()
def migrate() -> None:
    """Apply the migrations that the database of `DATABASE_URL` does not have yet."""
    from event_platform.core.connections import postgres  # noqa: PLC0415 - no other verb needs it
    from event_platform.migrations import runner  # noqa: PLC0415 - no other verb needs it

    applied = runner.migrate(postgres.conninfo(load("migrate"), "event-platform-migrate"))
    click.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


@click.command()
def topics() -> None:
    """Create the topics that Kafka does not have yet, and have Kafka set the timestamps of their records."""
    from event_platform.core import topics as platform_topics  # noqa: PLC0415 - no other verb needs it
    from event_platform.core.connections import kafka  # noqa: PLC0415 - no other verb needs it

    settings = load("topics")
    wanted = (platform_topics.raw_topic(settings), platform_topics.dlq_topic(settings))
    kafka_admin = kafka.admin_client(settings)
    done = [f"created {name}" for name in platform_topics.create(kafka_admin, wanted)]
    try:
        altered = platform_topics.set_log_append_time(kafka_admin, [topic.name for topic in wanted])
        done += [
            f"altered {name}: {platform_topics.TIMESTAMP_TYPE}={platform_topics.LOG_APPEND_TIME}" for name in altered
        ]
    except UnavailableError as error:
        # Everything works without it; lag is then measured by the processor's own clock.
        done.append(f"not done: {error}")
    click.echo("\n".join(done) or "all topics exist")
