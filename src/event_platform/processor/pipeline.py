"""The way of every message, from Kafka's bytes to a row or a dead letter."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

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
from event_platform.processor.records import PolledRecords, Record
from event_platform.processor.storage import binary_copy
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.writer import WriteResult

log = get_logger(__name__)


class Stages(Protocol):
    """What `process` needs of its surroundings."""

    rules: ValidationRules

    def now(self) -> datetime | None:
        """The present, in UTC; None where it is not known for certain."""

    def deciding(self) -> AbstractContextManager[object]:
        """Measures what is done while it is entered."""

    def in_turn(self, work: Callable[[], WriteResult], batch: Batch) -> None:
        """Wait until the batch before is through, then do ``work`` in the background."""

    def store_batch(self, batch: Batch) -> WriteResult:
        """Everything of the batch in one transaction, however often it has to be tried."""

    def publish_dead_letters(self, write_result: WriteResult) -> None:
        """Have the outbox emptied, if there is something new in it, without waiting for that."""

    def commit_offsets(self, write_result: WriteResult) -> None:
        """Tell Kafka how far we are."""


def process(taken: PolledRecords, stages: Stages) -> None:
    """Bring one batch through: decode, validate, enrich; then, in turn, store, publish, commit.

    The first three are pure, and happen while Postgres still works on the batch before.
    """
    with stages.deciding():
        batch = decide(taken, stages.rules, stages.now())
    stages.in_turn(lambda: settle(batch, stages), batch)


def settle(batch: Batch, stages: Stages) -> WriteResult:
    """One transaction, then its dead letters from the outbox, then the offsets."""
    write_result = stages.store_batch(batch)
    stages.publish_dead_letters(write_result)
    stages.commit_offsets(write_result)
    return write_result


def decide(taken: PolledRecords, rules: ValidationRules, now: datetime | None) -> Batch:
    """Say of each record what is to become of it."""
    now_us = None if now is None else timestamps.from_datetime(now)
    outcomes = tuple(outcome_of(record, rules, now_us) for record in taken.records)
    batch = Batch(taken.topic_id, taken.records, outcomes, taken.spans)
    try:
        batch.precompute()
    except Exception:  # noqa: BLE001 - it is said of the records that cause it
        batch = replace(batch, outcomes=tuple(map(_storable, batch.records, outcomes)))
        batch.precompute()
    return batch


def outcome_of(record: Record, rules: ValidationRules, now_us: int | None) -> Outcome:
    """Decode, validate and enrich one record; whatever fails at that is this record's own matter."""
    try:
        if record.problem is not None:
            return _unreadable(record, record.problem)
        usual = fast_path.decode_row(record.value, rules, now_us) if record.value else None
        return Storable(usual) if usual else careful_outcome_of(record, rules, now_us)
    except Exception as error:  # noqa: BLE001 - else this record would be met again and again, and nothing after it
        return _failed(record, error, UNKNOWN_IDENTITY)


def _storable(record: Record, outcome: Outcome) -> Outcome:
    """``outcome``, or a dead letter where its row cannot be sent to Postgres."""
    if isinstance(outcome, DeadLetter):
        return outcome
    try:
        binary_copy.encode([outcome.row])
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(record, error, identity_of(outcome.row))
    return outcome


def _failed(record: Record, error: Exception, identity: EventIdentity) -> DeadLetter:
    log.error(
        "a record cannot be processed; it is a dead letter",
        partition=record.partition,
        offset=record.offset,
        exc_info=error,
    )
    return DeadLetter(ReasonCode.UNSTORABLE, f"the processor fails on it: {type(error).__name__}: {error}", identity)


def _unreadable(record: Record, problem: str) -> DeadLetter:
    decoded = decode(record.value)
    identity = decoded.identity if isinstance(decoded, DeadLetter) else decoded.identity()
    return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, problem, identity)


def careful_outcome_of(record: Record, rules: ValidationRules, now_us: int | None) -> Outcome:
    """The same, step by step, with every problem named."""
    decoded = decode(record.value)
    if isinstance(decoded, DeadLetter):
        return decoded
    valid = validate(decoded, record.value or b"", rules, now_us)
    if isinstance(valid, ValidEvent):
        return Storable(enrich(decoded, valid))
    return dead_letter_for(valid, decoded.identity())
