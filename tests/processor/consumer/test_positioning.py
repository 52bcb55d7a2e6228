"""When a partition is stopped, and what ends that."""

import pytest

from event_platform.processor.consumer.positioning import StoppedPartition, find_stop
from event_platform.processor.consumer.read_position import OffsetOutOfRange
from event_platform.processor.consumer.start_offsets import StartOffsets
from event_platform.processor.storage.offset_store import StoredOffset


def found_at(position: StoredOffset, stopped: dict[int, str] | None = None) -> StartOffsets:
    """Return the lookup of partition 0, whose low watermark is 3."""
    return StartOffsets("topic-id", positions={0: position}, lows={0: 3}, stopped=stopped or {})


@pytest.mark.parametrize(
    ("position", "end_offset", "advice"),
    [
        pytest.param(StoredOffset(20, 0), 10, "--to 10`", id="cut before where it goes on"),
        pytest.param(StoredOffset(10, 0), 10, None, id="cut just there"),
        pytest.param(StoredOffset(8, 0), 10, None, id="cut behind it"),
        pytest.param(StoredOffset(20, 0), None, "--to 3`", id="cut nobody knows where"),
        pytest.param(StoredOffset(3, -1), None, None, id="all before was dropped, which is recorded"),
    ],
)
def test_out_of_range_partition_stops_where_events_would_be_skipped(
    position: StoredOffset, end_offset: int | None, advice: str | None
) -> None:
    """A partition stops where reading on would skip events; the reason names the command that reads them."""
    stop = find_stop(0, found_at(position), OffsetOutOfRange(1, end_offset), None)
    assert (stop is None) == (advice is None)
    assert (advice or "") in (stop.reason if stop else "")


@pytest.mark.parametrize(
    ("position", "is_stopped"),
    [(StoredOffset(20), True), (StoredOffset(12), False), (StoredOffset(20, 2), False)],
)
def test_only_another_position_ends_a_stop(position: StoredOffset, *, is_stopped: bool) -> None:
    """A stopped partition stays so when Kafka's end grows past its offset: what lies between was never read."""
    stop = StoppedPartition(StoredOffset(20), "beyond the end")
    assert find_stop(0, found_at(position), None, stop) == (stop if is_stopped else None)


def test_an_offset_beyond_the_end_is_stopped() -> None:
    """A lookup that finds the offset beyond the end stops the partition, without any answer to a fetch."""
    stop = find_stop(0, found_at(StoredOffset(20), stopped={0: "beyond the end"}), None, None)
    assert stop == StoppedPartition(StoredOffset(20), "beyond the end")
