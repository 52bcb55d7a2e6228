"""The flow of a batch, from Kafka's records to committed offsets.

The offsets that count are those in Postgres: the transaction that stores the batch advances them (`offset_store`).
The offsets committed to Kafka serve tools that show lag, and nothing else.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from event_platform.core.rules import fast_path, timestamps
from event_platform.core.rules.decode import decode
from event_platform.core.rules.enrich import enrich
from event_platform.core.rules.outcome import (
    UNKNOWN_IDENTITY,
    DeadLetter,
    EventIdentity,
    Outcome,
    ReasonCode,
    Storable,
    dead_letter_for,
    identity_of,
)
from event_platform.core.rules.validate import ValidationRules, ValidEvent, validate
from event_platform.core.telemetry import get_logger
from event_platform.processor.batch_in_flight import BatchInFlight
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch
from event_platform.processor.outbox import Outbox
from event_platform.processor.polled_records import PolledRecords, Record
from event_platform.processor.storage import binary_copy
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.writer import BatchWriter, WriteResult
from event_platform.processor.writer_session import WriterSession

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the steps of the flow use."""

    rules: ValidationRules
    clock: DatabaseClock
    record_step: RecordStep
    session: WriterSession
    writer: BatchWriter
    outbox: Outbox
    commits: OffsetCommits


def process(polled: PolledRecords, pipeline: Pipeline, in_flight: BatchInFlight[WriteResult]) -> None:
    """Decode, validate and enrich the records; then store them, publish their dead letters and commit their offsets.

    The first three are pure, and run here while Postgres is still working on the batch before. Storing runs on the
    writer thread once that batch is finished; it then wakes the outbox, and requests the commit.
    """
    stopwatch = Stopwatch(pipeline.record_step)
    batch = decide(polled, pipeline.rules, pipeline.clock.now() if pipeline.clock.is_reliable() else None)
    stopwatch.record(Step.DECIDE)
    in_flight.start(batch, partial(store_and_publish, batch, pipeline))


def store_and_publish(batch: Batch, pipeline: Pipeline) -> WriteResult:
    """Store the batch in one transaction, retried until it succeeds; publish its dead letters; commit its offsets.

    The outbox publishes on its own thread, and the consumer's thread sends the commit: neither is waited for.
    """
    write_result = pipeline.session.retrier.run(partial(pipeline.writer.write, batch), "storing a batch")
    if any(one.dead_letters for one in write_result.transactions):
        pipeline.outbox.wake()
    pipeline.commits.request(write_result.next_offsets)
    return write_result


def decide(polled: PolledRecords, rules: ValidationRules, now: datetime | None) -> Batch:
    """Give each record its outcome: a row, or a dead letter.

    Args:
        polled: The records.
        rules: What an event must be.
        now: The time by which events are too old or too new; None where it is uncertain, and no event is.
    """
    now_us = None if now is None else timestamps.from_datetime(now)
    outcomes = tuple(outcome_of(record, rules, now_us) for record in polled.records)
    batch = Batch(polled.topic_id, polled.records, outcomes, polled.spans)
    try:
        batch.precompute()
    except Exception:  # noqa: BLE001 - a row that cannot be encoded for COPY: that record alone becomes a dead letter
        batch = replace(batch, outcomes=tuple(map(_checked_by_encoding, batch.records, outcomes)))
        batch.precompute()
    return batch


def outcome_of(record: Record, rules: ValidationRules, now_us: int | None) -> Outcome:
    """Decode, validate and enrich one record; any error makes a dead letter of this record alone."""
    try:
        if record.problem is not None:
            return _unreadable(record, record.problem)
        row = fast_path.decode_row(record.value, rules, now_us) if record.value else None
        return Storable(row) if row else decode_validate_enrich(record, rules, now_us)
    except Exception as error:  # noqa: BLE001 - else the partition would stop at this record for ever
        return _failed(record, error, UNKNOWN_IDENTITY)


def decode_validate_enrich(record: Record, rules: ValidationRules, now_us: int | None) -> Outcome:
    """The steps one by one, for what the fast path leaves: the dead letter names every problem."""
    decoded = decode(record.value)
    if isinstance(decoded, DeadLetter):
        return decoded
    valid = validate(decoded, record.value or b"", rules, now_us)
    if isinstance(valid, ValidEvent):
        return Storable(enrich(decoded, valid))
    return dead_letter_for(valid, decoded.identity())


def _checked_by_encoding(record: Record, outcome: Outcome) -> Outcome:
    """Return ``outcome``, or a dead letter where its row cannot be encoded."""
    if isinstance(outcome, DeadLetter):
        return outcome
    try:
        binary_copy.encode([outcome.row])
    except Exception as error:  # noqa: BLE001 - as in `outcome_of`: only this record becomes a dead letter
        return _failed(record, error, identity_of(outcome.row))
    return outcome


def _failed(record: Record, error: Exception, identity: EventIdentity) -> DeadLetter:
    log.error(
        "record cannot be processed; dead-lettering it",
        partition=record.partition,
        offset=record.offset,
        exc_info=error,
    )
    return DeadLetter(ReasonCode.UNSTORABLE, f"the processor fails on it: {type(error).__name__}: {error}", identity)


def _unreadable(record: Record, problem: str) -> DeadLetter:
    decoded = decode(record.value)
    identity = decoded.identity if isinstance(decoded, DeadLetter) else decoded.identity()
    return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, problem, identity)
