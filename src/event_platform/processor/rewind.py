"""``event-platform rewind``: moves a partition to an earlier offset or time, to read it again, or to a later one."""

from datetime import UTC, datetime
from typing import Final

import click
import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.connections.replaceable_client import replaceable_admin_client
from event_platform.core.errors import ConfigurationError, InvalidInputError, UnavailableError
from event_platform.core.rules import timestamps
from event_platform.core.settings.loading import load
from event_platform.processor.consumer.topic_metadata import Topic
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.offset_store import PartitionId

DEADLINE_SECONDS: Final = 40.0
"""Longer than every timeout of the session."""


@click.command()
@click.option("--partition", type=click.IntRange(min=0), required=True, help="Of the raw topic.")
@click.option("--to", "target", required=True, metavar="OFFSET|TIME", help="An offset, or a time as in RFC 3339.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
def rewind(partition: int, target: str, *, dry_run: bool) -> None:
    """Move the next offset of partitions; records that are stored already are neither stored nor counted again."""
    settings = load("rewind")
    topic = Topic(replaceable_admin_client(settings), settings.topic_raw)
    offset = resolve_target(topic, partition, target)
    partition_id = PartitionId(topic.name, topic.id(), partition)
    try:
        with Database(settings).connection_within(DEADLINE_SECONDS) as connection:
            click.echo(move_partition(connection, partition_id, offset, dry_run=dry_run))
    except psycopg.Error as error:
        raise UnavailableError(f"rewinding partition {partition}: {error}") from error


def resolve_target(topic: Topic, partition: int, target: str) -> int:
    """The offset that ``target`` names, as an offset or as a time.

    Raises:
        InvalidInputError: It is neither, or lies outside what Kafka still holds.
        ConfigurationError: There is no such partition.
        UnavailableError: Kafka does not answer.
    """
    if partition not in topic.partitions():
        raise ConfigurationError(f"topic {topic.name} has no partition {partition}")
    watermarks = topic.watermarks([partition])[partition]
    offset = int(target) if target.isdecimal() else _offset_at(topic, partition, target, watermarks.high)
    if not watermarks.low <= offset <= watermarks.high:
        held = f"{watermarks.low} to {watermarks.high}"
        raise InvalidInputError(f"--to {target}: partition {partition} holds offsets {held}")
    return offset


def _offset_at(topic: Topic, partition: int, target: str, end: int) -> int:
    try:
        moment = timestamps.to_datetime(timestamps.parse(target))
    except ValueError as error:
        raise InvalidInputError(f"--to {target}: expected an offset, or a time like {_example()}") from error
    # Kafka's timestamps begin with 1970; negative ones have a special meaning.
    offset = topic.offset_at(partition, max(0, int(moment.timestamp() * 1_000)))
    return end if offset < 0 else offset


def move_partition(connection: Connection, partition: PartitionId, offset: int, *, dry_run: bool) -> str:
    """Set the partition's next offset, and return a sentence that says what that does."""
    with connection.transaction(force_rollback=dry_run):
        before = offset_store.set_offset(connection, partition, offset)
    where = f"partition {partition.partition} of {partition.topic}"
    would = "would go" if dry_run else "goes"
    if before is None:
        return f"{where} was never read; it {would} on at offset {offset}"
    if offset > before:
        return f"{where} {would} on at offset {offset} instead of {before}: {offset - before} events are left out"
    return f"{where} {would} on at offset {offset} instead of {before}: {before - offset} events are read again"


def _example() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:00:00Z}"
