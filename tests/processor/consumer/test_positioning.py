"""Where a partition cannot go on, and what lifts that."""

import pytest

from event_platform.processor.consumer.partition_reader import Refusal
from event_platform.processor.consumer.positioning import Stop, stop_of
from event_platform.processor.consumer.start_offsets import Found
from event_platform.processor.storage.offset_store import StoredOffset


def found_at(position: StoredOffset, stopped: dict[int, str] | None = None) -> Found:
    """Partition 0, whose log begins at 3."""
    return Found("topic-id", positions={0: position}, lows={0: 3}, stopped=stopped or {})


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
def test_refused_partition_stops_where_events_would_be_left_out(
    position: StoredOffset, end_offset: int | None, advice: str | None
) -> None:
    """The reason names the command that reads all there is."""
    stop = stop_of(0, found_at(position), Refusal(1, end_offset), None)
    assert (stop is None) == (advice is None)
    assert (advice or "") in (stop.why if stop else "")


@pytest.mark.parametrize(
    ("position", "is_stopped"),
    [(StoredOffset(20), True), (StoredOffset(12), False), (StoredOffset(20, 2), False)],
)
def test_only_another_position_lifts_a_stop(position: StoredOffset, *, is_stopped: bool) -> None:
    """That Kafka's end has grown past it does not: what lies between was never read."""
    stop = Stop(StoredOffset(20), "beyond the end")
    assert stop_of(0, found_at(position), None, stop) == (stop if is_stopped else None)


def test_what_cannot_be_read_is_stopped() -> None:
    """What Postgres and Kafka say together is enough."""
    stop = stop_of(0, found_at(StoredOffset(20), stopped={0: "beyond the end"}), None, None)
    assert stop == Stop(StoredOffset(20), "beyond the end")
