"""When most of what comes is dead."""

from event_platform.processor.monitoring.dead_letter_bursts import WINDOW, BurstDetector

BAD = ("VALIDATION_FAILED", "tenant_a")
OTHER = ("UNSTORABLE", None)


def test_half_is_no_burst_and_more_is() -> None:
    """More than half of the latest 200 have to be dead."""
    bursts = BurstDetector()
    assert bursts.add([None] * 100 + [BAD] * 100) is None
    assert bursts.add([BAD]) == bursts.current == "101 of the latest 200: VALIDATION_FAILED of tenant_a"


def test_a_few_messages_are_no_burst() -> None:
    """A lone bad event, or a hundred at the start, are not most of 200."""
    assert BurstDetector().add([BAD] * 100) is None


def test_the_most_frequent_kind_is_named() -> None:
    """Code and tenant of most; a tenant that could not be read is said to be unknown."""
    bursts = BurstDetector()
    bursts.add([BAD] * 50 + [OTHER] * 150)
    assert bursts.current == "150 of the latest 200: UNSTORABLE of an unknown tenant"


def test_it_begins_once_and_is_over_when_good_ones_come() -> None:
    """As soon as half of the latest are good again; then the next one is another."""
    bursts = BurstDetector()
    assert bursts.add([BAD] * WINDOW)
    assert bursts.add([BAD] * WINDOW) is None
    assert bursts.add([None] * 99) is None
    assert bursts.current
    bursts.add([None])
    assert bursts.current is None
    assert bursts.add([BAD] * 101)


def test_a_burst_inside_one_batch_is_seen() -> None:
    """Though it is over when the batch is."""
    bursts = BurstDetector()
    assert bursts.add([BAD] * 3_000 + [None] * 300)
    assert bursts.current is None


def test_good_messages_push_dead_ones_out_of_sight() -> None:
    """Whatever a batch's size."""
    bursts = BurstDetector()
    bursts.add([BAD] * 90)
    bursts.add([None] * 1_000)
    assert bursts.add([BAD] * 100) is None
