"""Counts of recent requests that the processes of one service share."""

from pathlib import Path

from event_platform.ingest.shared_rate_counts import SharedRateCounts


def test_processes_see_each_other_in_a_file(tmp_path: Path) -> None:
    """Each process sees the counts of the others, and they outlive the process that wrote them."""
    first, second = (SharedRateCounts.shared(tmp_path / "rate_counts", worker, 2) for worker in (0, 1))
    first.add("t", 100, 3)
    second.add("u", 100, 1)
    second.add("t", 101, 2)
    assert first.by_slot("t", 101) == second.by_slot("t", 101) == {100: 3, 101: 2}
    restarted = SharedRateCounts.shared(tmp_path / "rate_counts", 0, 2)
    restarted.add("t", 101, 1)
    assert second.by_slot("t", 113) == {101: 3}
    restarted.mark_stale_through(105)
    assert [second.is_redis_stale(slot) for slot in (105, 106)] == [True, False]


def test_more_tenants_than_entries() -> None:
    """Memory is bounded: tenants beyond the bound share an entry, and none counts less than it was charged."""
    memory = SharedRateCounts.memory(1, tenants=3)
    rate_counts = SharedRateCounts(memory, 0, 1)
    for number in range(6):
        rate_counts.add(f"t{number}", 100, 1)
    assert [rate_counts.by_slot(f"t{number}", 100) for number in range(6)] == [{100: 1}] * 2 + [{100: 4}] * 4
