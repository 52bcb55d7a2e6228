"""The flow of a batch, from Kafka's records to committed offsets."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from event_platform.core.rules import fast_path, timestamps
from event_platform.core.rules.decode import decode
from event_platform.core.rules.enrich import enrich
from event_platform.core.rules.outcome import NOBODY, Code, Dead, Identity, Outcome, Store, dead_of
from event_platform.core.rules.validate import Rules, Valid, validate
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.database_clock import Clock
from event_platform.processor.in_flight import BatchInFlight
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch
from event_platform.processor.outbox import Outbox
from event_platform.processor.records import PolledRecords, Record
from event_platform.processor.storage import binary_copy
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.conflicts import identity_of
from event_platform.processor.storage.writer import Settled, Writer
from event_platform.processor.writer_session import WriterSession

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the steps of the flow use."""

    rules: Rules
    clock: Clock
    record_step: RecordStep
    session: WriterSession
    writer: Writer
    outbox: Outbox
    commits: OffsetCommits


def process(polled: PolledRecords, pipeline: Pipeline, in_flight: BatchInFlight[Settled]) -> None:
    """Decode, validate and enrich the records; then store them, publish their dead letters and commit their offsets.

    The first three are pure, and run here while Postgres is still working on the batch before. The other three run on
    the writer thread, once that batch is finished.
    """
    stopwatch = Stopwatch(pipeline.record_step)
    batch = decide(polled, pipeline.rules, pipeline.clock.now() if pipeline.clock.is_certain() else None)
    stopwatch.record(Step.DECIDE)
    in_flight.start(batch, partial(store_and_publish, batch, pipeline))


def store_and_publish(batch: Batch, pipeline: Pipeline) -> Settled:
    """Store the batch in one transaction, retried until it succeeds; publish its dead letters; commit its offsets.

    The outbox publishes on its own thread, and the consumer's thread sends the commit: neither is waited for.
    """
    settled = pipeline.session.retrier.run(partial(pipeline.writer.write, batch), "storing a batch")
    if any(one.dead for one in settled.stored):
        pipeline.outbox.wake()
    pipeline.commits.request(settled.done)
    return settled


def decide(polled: PolledRecords, rules: Rules, now: datetime | None) -> Batch:
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
        batch.prepare()
    except Exception:  # noqa: BLE001 - the records that cause it become dead letters
        batch = replace(batch, outcomes=tuple(map(_checked_by_encoding, batch.records, outcomes)))
        batch.prepare()
    return batch


def outcome_of(record: Record, rules: Rules, now_us: int | None) -> Outcome:
    """Decode, validate and enrich one record; any error makes a dead letter of this record alone."""
    try:
        if record.problem is not None:
            return _unreadable(record, record.problem)
        row = fast_path.row_of(record.value, rules, now_us) if record.value else None
        return Store(row) if row else decode_validate_enrich(record, rules, now_us)
    except Exception as error:  # noqa: BLE001 - else the partition would stop at this record for ever
        return _failed(record, error, NOBODY)


def decode_validate_enrich(record: Record, rules: Rules, now_us: int | None) -> Outcome:
    """The steps one by one, for what the fast path leaves: the dead letter names every problem."""
    decoded = decode(record.value)
    if isinstance(decoded, Dead):
        return decoded
    valid = validate(decoded, record.value or b"", rules, now_us)
    if isinstance(valid, Valid):
        return Store(enrich(decoded, valid))
    return dead_of(valid, decoded.identity())


def _checked_by_encoding(record: Record, outcome: Outcome) -> Outcome:
    """Return ``outcome``, or a dead letter where its row cannot be encoded."""
    if isinstance(outcome, Dead):
        return outcome
    try:
        binary_copy.encode([outcome.row])
    except Exception as error:  # noqa: BLE001 - the same, one step later
        return _failed(record, error, identity_of(outcome.row))
    return outcome


def _failed(record: Record, error: Exception, identity: Identity) -> Dead:
    log.error(
        "record cannot be processed; dead-lettering it",
        partition=record.partition,
        offset=record.offset,
        exc_info=error,
    )
    return Dead(Code.UNSTORABLE, f"the processor fails on it: {type(error).__name__}: {error}", identity)


def _unreadable(record: Record, problem: str) -> Dead:
    decoded = decode(record.value)
    identity = decoded.identity if isinstance(decoded, Dead) else decoded.identity()
    return Dead(Code.DESERIALIZATION_FAILED, problem, identity)
