"""Splitting a batch."""

from dataclasses import replace

import msgspec
from tests.processor.conftest import Bench


def test_halves_have_their_own_leader_epoch(bench: Bench) -> None:
    """Each half has the leader epoch of its last record."""
    batch = bench.batch(b"1", b"2", b"3", b"4")
    records = tuple(msgspec.structs.replace(record, leader_epoch=record.offset) for record in batch.records)
    spans = {0: msgspec.structs.replace(batch.spans[0], leader_epoch=3)}
    first, second = replace(batch, records=records, spans=spans).halves()
    assert [half.spans[0].leader_epoch for half in (first, second)] == [1, 3]
