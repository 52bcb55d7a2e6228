"""Which record may come next in a partition, and what an out-of-range error means."""

import pytest
from confluent_kafka import KafkaError

from event_platform.processor.consumer.read_position import OffsetOutOfRange, ReadPosition, is_out_of_range


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        pytest.param([5, 6, 9], [True, True, True], id="later gaps are Kafka's own"),
        pytest.param([8], [False], id="a first record with a gap is read once more"),
        pytest.param([8, 8, 9], [False, True, True], id="it is Kafka's gap when it comes first again"),
        pytest.param([8, 5, 6], [False, True, True], id="it was left over from before"),
        pytest.param([8, 7, 7], [False, False, True], id="another first record is doubted, too"),
    ],
)
def test_a_first_record_that_leaves_a_gap_must_come_twice(offsets: list[int], expected: list[bool]) -> None:
    """A first record that leaves a gap is accepted only when it comes first again."""
    position = ReadPosition(next_offset=5, leader_epoch=0, assignment_epoch=1)
    assert [position.try_start(offset) for offset in offsets] == expected


@pytest.mark.parametrize(
    ("text", "end_offset"),
    [
        (
            "Partition log truncation detected at offset 20 (leader epoch 0): broker end offset is 10 (…)",
            10,
        ),
        ("Partition log truncation detected at offset 20 (leader epoch 7): broker end offset is -1 (…)", None),
        ("fetch failed due to requested offset not available on the broker: Broker: Offset out of range", None),
    ],
)
def test_out_of_range_error_says_where_the_log_parts(text: str, end_offset: int | None) -> None:
    """The end of the common log is parsed from the error's text; None where it is not there."""
    error = KafkaError(KafkaError._AUTO_OFFSET_RESET, text)  # noqa: SLF001 - its public name
    assert is_out_of_range(error)
    assert OffsetOutOfRange.of(error, ReadPosition(20, 0, assignment_epoch=3)) == OffsetOutOfRange(3, end_offset)
