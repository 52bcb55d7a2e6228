"""Charts scale to their values and stay small."""

import re

from event_platform.loadgen.report.svg_chart import Series, chart, nice_ceiling


def test_charts_scale_and_stay_small() -> None:
    """The axis ends at a round number; an hour of seconds becomes at most 600 points that keep the peaks."""
    assert [nice_ceiling(value) for value in (0, 0.03, 1, 7, 11, 100)] == [1, 0.05, 1, 10, 20, 100]
    values = [1.0] * 3_600
    values[1_801] = 90.0
    svg = chart([float(second) for second in range(3_600)], [Series("a", "--a", values)], "ms")
    heights = [point.split(",")[1] for point in re.findall(r'points="([^"]+)"', svg)[0].split()]
    assert len(heights) == 600
    assert len(set(heights)) == 2
