"""The way of every message, from Kafka's bytes to a row or a dead letter."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from event_platform.core.rules import fast_path, timestamps
from event_platform.core.rules.decode import decode
from event_platform.core.rules.enrich import enrich
from event_platform.core.rules.outcome import NOBODY, Code, Dead, Identity, Outcome, Store, dead_of
from event_platform.core.rules.validate import Rules, Valid, validate
from event_platform.core.telemetry import get_logger
from event_platform.processor.records import PolledRecords, Record
from event_platform.processor.storage import binary_copy
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.conflicts import identity_of
from event_platform.processor.storage.writer import Settled

log = get_logger(__name__)


class Stages(Protocol):
    """What `process` needs of its surroundings."""

    rules: Rules

    def now(self) -> datetime | None:
        """The present, in UTC; None where it is not known for certain."""

    def deciding(self) -> AbstractContextManager[object]:
        """Measures what is done while it is entered."""

    def in_turn(self, work: Callable[[], Settled], batch: Batch) -> None:
        """Wait until the batch before is through, then do ``work`` in the background."""

    def store_batch(self, batch: Batch) -> Settled:
        """Everything of the batch in one transaction, however often it has to be tried."""

    def publish_dead_letters(self, settled: Settled) -> None:
        """Have the outbox emptied, if there is something new in it, without waiting for that."""

    def commit_offsets(self, settled: Settled) -> None:
        """Tell Kafka how far we are."""


def process(taken: PolledRecords, stages: Stages) -> None:
    """Bring one batch through: decode, validate, enrich; then, in turn, store, publish, commit.

    The first three are pure, and happen while Postgres still works on the batch before.
    """
    with stages.deciding():
        batch = decide(taken, stages.rules, stages.now())
    stages.in_turn(lambda: settle(batch, stages), batch)


def settle(batch: Batch, stages: Stages) -> Settled:
    """One transaction, then its dead letters from the outbox, then the offsets."""
    settled = stages.store_batch(batch)
    stages.publish_dead_letters(settled)
    stages.commit_offsets(settled)
    return settled


def decide(taken: PolledRecords, rules: Rules, now: datetime | None) -> Batch:
    """Say of each record what is to become of it."""
    now_us = None if now is None else timestamps.from_datetime(now)
    outcomes = tuple(outcome_of(record, rules, now_us) for record in taken.records)
    batch = Batch(taken.topic_id, taken.records, outcomes, taken.spans)
    try:
        batch.prepare()
    except Exception:  # noqa: BLE001 - it is said of the records that cause it
        batch = replace(batch, outcomes=tuple(map(_storable, batch.records, outcomes)))
        batch.prepare()
    return batch


def outcome_of(record: Record, rules: Rules, now_us: int | None) -> Outcome:
    """Decode, validate and enrich one record; whatever fails at that is this record's own matter."""
    try:
        if record.problem is not None:
            return _unreadable(record, record.problem)
        usual = fast_path.row_of(record.value, rules, now_us) if record.value else None
        return Store(usual) if usual else careful_outcome_of(record, rules, now_us)
    except Exception as error:  # noqa: BLE001 - else this record would be met again and again, and nothing after it
        return _failed(record, error, NOBODY)


def _storable(record: Record, outcome: Outcome) -> Outcome:
    """``outcome``, or a dead letter where its row cannot be sent to Postgres."""
    if isinstance(outcome, Dead):
        return outcome
    try:
        binary_copy.encode([outcome.row])
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(record, error, identity_of(outcome.row))
    return outcome


def _failed(record: Record, error: Exception, identity: Identity) -> Dead:
    log.error(
        "a record cannot be processed; it is a dead letter",
        partition=record.partition,
        offset=record.offset,
        exc_info=error,
    )
    return Dead(Code.UNSTORABLE, f"the processor fails on it: {type(error).__name__}: {error}", identity)


def _unreadable(record: Record, problem: str) -> Dead:
    decoded = decode(record.value)
    identity = decoded.identity if isinstance(decoded, Dead) else decoded.identity()
    return Dead(Code.DESERIALIZATION_FAILED, problem, identity)


def careful_outcome_of(record: Record, rules: Rules, now_us: int | None) -> Outcome:
    """The same, step by step, with every problem named."""
    decoded = decode(record.value)
    if isinstance(decoded, Dead):
        return decoded
    valid = validate(decoded, record.value or b"", rules, now_us)
    if isinstance(valid, Valid):
        return Store(enrich(decoded, valid))
    return dead_of(valid, decoded.identity())
