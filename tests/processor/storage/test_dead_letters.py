"""Dead letters in their table: identified by their source, bytes unchanged."""

from dataclasses import replace

import msgspec
import pytest
from tests.processor.conftest import Bench
from tests.processor.storage.written import outcome_counts


@pytest.mark.parametrize(
    ("first_epoch", "second_epoch", "value", "letters"),
    [(0, 0, b"[1]", 1), (0, 2, b"[1]", 2), (-1, 2, b"[1]", 1), (2, -1, b"[1]", 1), (-1, 2, b"[2]", 2)],
)
def test_dead_letter_is_identified_by_its_leader_epoch(
    bench: Bench, first_epoch: int, second_epoch: int, value: bytes, letters: int
) -> None:
    """With another leader epoch it is another record, at an offset that Kafka used twice: it is kept, and counted.

    If an epoch is not known, as for all dead letters from before epochs were kept, the bytes decide.
    """
    before = outcome_counts(bench, "").get("dead", 0)
    for epoch, letter in ((first_epoch, b"[1]"), (second_epoch, value)):
        batch = bench.batch(letter)
        bench.writer.write(replace(batch, records=(msgspec.structs.replace(batch.records[0], leader_epoch=epoch),)))
        bench.connection.execute("UPDATE consumer_progress SET next_offset = 0 WHERE topic_id = %s", [bench.topic_id])
    kept = bench.query(
        "SELECT source_leader_epoch, original_bytes FROM dlq_events WHERE source_topic_id = %s ORDER BY id",
        bench.topic_id,
    )
    assert kept == [(first_epoch, b"[1]"), (second_epoch, value)][:letters]
    assert outcome_counts(bench, "")["dead"] == before + letters


def test_dead_letter_keeps_bytes_key_and_headers(bench: Bench) -> None:
    """Original, key and headers are kept, also those of a record without a value."""
    bench.write(b"\x00\xff", None)
    rows = bench.query(
        "SELECT original_bytes, record_key, headers FROM dlq_events WHERE source_topic_id = %s ORDER BY source_offset",
        bench.topic_id,
    )
    assert rows == [(b"\x00\xff", b"key", [["h", "AA=="]]), (None, b"key", [["h", "AA=="]])]
