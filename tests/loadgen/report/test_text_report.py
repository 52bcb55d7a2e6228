"""The summary as text."""

import re

from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, summary_of

from event_platform.loadgen.report import text_report


def test_the_text_has_every_figure() -> None:
    """Every figure that the brief asks for is there by name."""
    text = text_report.render(summary_of(ACCEPTED, LIMITED))
    for name in (
        "sent",
        "accepted",
        "duplicates",
        "rate-limited",
        "invalid",
        "failed",
        "avg",
        "p50",
        "p95",
        "p99",
        "max",
    ):
        assert re.search(rf"\b{name}\b", text), name
    assert "rate achieved   1.0 events/s" in text
