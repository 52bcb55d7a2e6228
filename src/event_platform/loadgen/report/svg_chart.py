"""Line charts as SVG text."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_WIDTH: Final = 960
_HEIGHT: Final = 260
_LEFT: Final = 70
_BOTTOM: Final = 30
_TOP: Final = 26
_RIGHT: Final = 30
_MAX_POINTS: Final = 600


@dataclass(frozen=True, slots=True)
class Series:
    """One line; ``color`` names a CSS variable."""

    name: str
    color: str
    values: list[float]


def chart(seconds: Sequence[float], series: Sequence[Series], unit: str) -> str:
    """Draw lines over time; above 600 points, neighbours are joined and their largest value is kept."""
    group = max(1, math.ceil(len(seconds) / _MAX_POINTS))
    ceiling = nice_ceiling(max((max(each.values, default=0.0) for each in series), default=0.0))
    end = max(seconds[-1], 1.0)
    xs = [_LEFT + second / end * (_WIDTH - _LEFT - _RIGHT) for second in seconds[::group]]
    parts = [*_value_axis(ceiling, unit), *_time_axis(end), *_legend(series)]
    parts += [_line(each, xs, [max(part) for part in _chunks(each.values, group)], ceiling) for each in series]
    names = ", ".join(each.name for each in series)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{names} in {unit}">{"".join(parts)}</svg>'


def nice_ceiling(largest: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … (or 0.5, 0.2, …) that is not below ``largest``; 1 for zero."""
    if largest <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= largest * (1 - 1e-9))


def _chunks(values: Sequence[float], size: int) -> Iterator[Sequence[float]]:
    return (values[begin : begin + size] for begin in range(0, len(values), size))


def _y(value: float, ceiling: float) -> float:
    return _HEIGHT - _BOTTOM - value / ceiling * (_HEIGHT - _BOTTOM - _TOP)


def _value_axis(ceiling: float, unit: str) -> Iterator[str]:
    for quarter in range(5):
        value = ceiling * quarter / 4
        y = _y(value, ceiling)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--grid)"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    yield f'<text x="{_LEFT}" y="14" text-anchor="end">{unit}</text>'


def _time_axis(end: float) -> Iterator[str]:
    for quarter in range(5):
        x = _LEFT + quarter / 4 * (_WIDTH - _LEFT - _RIGHT)
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{end * quarter / 4:.0f} s</text>'


def _legend(series: Sequence[Series]) -> Iterator[str]:
    for index, each in enumerate(series):
        yield f'<text x="{_LEFT + 20 + 200 * index}" y="14" style="fill:var({each.color})">■ {each.name}</text>'


def _line(series: Series, xs: Sequence[float], values: Sequence[float], ceiling: float) -> str:
    points = " ".join(f"{x:.1f},{_y(value, ceiling):.1f}" for x, value in zip(xs, values, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="var({series.color})" stroke-width="2"/>'
