"""When most records are dead letters."""

from event_platform.processor.monitoring.dead_letter_bursts import WINDOW, BurstDetector

BAD = ("VALIDATION_FAILED", "tenant_a")
OTHER = ("UNSTORABLE", None)


def test_a_burst_is_more_than_half() -> None:
    """A burst needs more than half of the latest 200 records."""
    bursts = BurstDetector()
    assert bursts.add([None] * 100 + [BAD] * 100) is None
    assert bursts.add([BAD]) == bursts.current == "101 of the latest 200: VALIDATION_FAILED of tenant_a"


def test_a_few_messages_are_no_burst() -> None:
    """A hundred dead letters at the start are no burst, because the window is not full."""
    assert BurstDetector().add([BAD] * 100) is None


def test_the_most_frequent_kind_is_named() -> None:
    """The burst names the most common code and tenant, or an unknown tenant."""
    bursts = BurstDetector()
    bursts.add([BAD] * 50 + [OTHER] * 150)
    assert bursts.current == "150 of the latest 200: UNSTORABLE of an unknown tenant"


def test_a_burst_begins_once_and_ends() -> None:
    """A burst is reported once, ends when half of the window is good, and can then begin again."""
    bursts = BurstDetector()
    assert bursts.add([BAD] * WINDOW)
    assert bursts.add([BAD] * WINDOW) is None
    assert bursts.add([None] * 99) is None
    assert bursts.current
    bursts.add([None])
    assert bursts.current is None
    assert bursts.add([BAD] * 101)


def test_a_burst_inside_one_batch_is_seen() -> None:
    """A burst that ends within the batch in which it began is reported."""
    bursts = BurstDetector()
    assert bursts.add([BAD] * 3_000 + [None] * 300)
    assert bursts.current is None


def test_good_records_push_dead_letters_out_of_the_window() -> None:
    """A large batch of good records empties the window of dead letters."""
    bursts = BurstDetector()
    bursts.add([BAD] * 90)
    bursts.add([None] * 1_000)
    assert bursts.add([BAD] * 100) is None
