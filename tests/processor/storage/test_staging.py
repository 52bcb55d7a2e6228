"""Rows through the staging table: repeats within a batch, and values that jsonb refuses."""

from dataclasses import replace

import msgspec
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import outcome_counts, tenant_of

from event_platform.core.rules.outcome import Storable


def test_repeated_request_counts_once(bench: Bench, message: MakeMessage) -> None:
    """Two copies of one record, as a producer's retry makes them, are one row and no duplicate."""
    value = message()
    bench.write(value, value)
    assert outcome_counts(bench, tenant_of(value)) == {"stored": 1}


def test_refused_value_is_dead_lettered(bench: Bench, message: MakeMessage) -> None:
    """A value that jsonb alone refuses is dead-lettered, and conflicts in the same batch are classified."""
    first = message()
    bench.write(first)
    batch = bench.batch(first, message(payload={"a": "?"}), message(), start=1)
    refused = batch.outcomes[1]
    assert isinstance(refused, Storable)
    row = msgspec.structs.replace(refused.row, payload=rb'{"a": "\u0000"}')
    write_result = bench.writer.write(replace(batch, outcomes=(batch.outcomes[0], Storable(row), batch.outcomes[2])))
    assert outcome_counts(bench, tenant_of(first)) == {"stored": 2, "dead": 1}
    assert write_result.splits == 0
    reason = bench.one("SELECT reason FROM dlq_events WHERE source_topic_id = %s", bench.topic_id)
    assert reason.startswith("UNSTORABLE: Postgres refuses it: ")
