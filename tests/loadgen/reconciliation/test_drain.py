"""The wait ends when everything published before it was processed, whatever others publish meanwhile."""

from event_platform.loadgen.reconciliation.admin_api import Lag, PartitionOffsets
from event_platform.loadgen.reconciliation.drain import DrainTarget


def lag_of(as_of: str, *offsets: tuple[int | None, int | None]) -> Lag:
    """Return a lag with the committed and end offset of the partitions from 0."""
    return Lag(as_of, [PartitionOffsets(number, *pair) for number, pair in enumerate(offsets)])


def test_the_first_answer_may_be_cached() -> None:
    """An answer computed before the wait began does not count; the next one does."""
    target = DrainTarget()
    assert not target.reached(lag_of("1", (5, 5)))
    assert not target.reached(lag_of("1", (5, 5)))
    assert target.reached(lag_of("2", (9, 9)))


def test_the_target_stays_while_others_publish() -> None:
    """Other producers keep publishing, and the wait ends nevertheless."""
    target = DrainTarget()
    target.reached(lag_of("1", (0, 4), (0, 4)))
    assert not target.reached(lag_of("2", (3, 10), (10, 10)))
    assert not target.reached(lag_of("3", (9, 20), (10, 30)))
    assert target.reached(lag_of("4", (10, 50), (10, 60)))


def test_unknown_offsets_are_not_drained() -> None:
    """With Kafka unavailable, or a partition without a commit, the wait continues."""
    target = DrainTarget()
    target.reached(lag_of("1", (0, 1)))
    assert not target.reached(lag_of("2", (None, None)))
    assert not target.reached(lag_of("3", (None, 5)))
    assert not target.reached(lag_of("4"))
    assert target.reached(lag_of("5", (5, 5)))


def test_an_empty_partition_is_drained() -> None:
    """A partition that nothing was written to needs no commit."""
    target = DrainTarget()
    target.reached(lag_of("1", (None, 0)))
    assert target.reached(lag_of("2", (None, 0)))
