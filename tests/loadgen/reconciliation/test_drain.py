"""The wait ends when everything published before was read, whatever others send meanwhile."""

from event_platform.loadgen.reconciliation.admin_api import Lag, Partition
from event_platform.loadgen.reconciliation.drain import Target


def look(as_of: str, *offsets: tuple[int | None, int | None]) -> Lag:
    """Committed and end offset of the partitions from 0."""
    return Lag(as_of, [Partition(number, *pair) for number, pair in enumerate(offsets)])


def test_the_first_look_may_be_an_old_one() -> None:
    """A look that the API made before it was asked shows no end; the next one does."""
    target = Target()
    assert not target.reached(look("1", (5, 5)))
    assert not target.reached(look("1", (5, 5)))
    assert target.reached(look("2", (9, 9)))


def test_the_ends_of_then_are_what_counts() -> None:
    """Other producers go on sending, and the wait ends all the same."""
    target = Target()
    target.reached(look("1", (0, 4), (0, 4)))
    assert not target.reached(look("2", (3, 10), (10, 10)))
    assert not target.reached(look("3", (9, 20), (10, 30)))
    assert target.reached(look("4", (10, 50), (10, 60)))


def test_what_is_unknown_is_not_drained() -> None:
    """Kafka away, or a partition without a commit: go on waiting."""
    target = Target()
    target.reached(look("1", (0, 1)))
    assert not target.reached(look("2", (None, None)))
    assert not target.reached(look("3", (None, 5)))
    assert not target.reached(look("4"))
    assert target.reached(look("5", (5, 5)))


def test_an_unused_partition_is_drained() -> None:
    """Nothing was ever written there."""
    target = Target()
    target.reached(look("1", (None, 0)))
    assert target.reached(look("2", (None, 0)))
