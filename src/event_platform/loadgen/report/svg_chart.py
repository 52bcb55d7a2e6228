"""Line charts as SVG text."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

_WIDTH: Final = 960
_HEIGHT: Final = 260
_LEFT: Final = 70
_BOTTOM: Final = 30
_TOP: Final = 26
_RIGHT: Final = 30
_MOST_POINTS: Final = 600


class Series(Struct, frozen=True):
    """One line; ``color`` names a CSS variable."""

    name: str
    color: str
    values: list[float]


def chart(at: Sequence[float], series: Sequence[Series], unit: str) -> str:
    """Lines over seconds; of very many points neighbours are joined, and their largest value is kept."""
    group = max(1, math.ceil(len(at) / _MOST_POINTS))
    ceiling = nice_ceiling(max((max(one.values, default=0.0) for one in series), default=0.0))
    end = max(at[-1], 1.0)
    places = [_LEFT + seconds / end * (_WIDTH - _LEFT - _RIGHT) for seconds in at[::group]]
    lines = [*_grid(ceiling, unit), *_seconds(end), *_legend(series)]
    lines += [_line(one, places, [max(part) for part in _groups(one.values, group)], ceiling) for one in series]
    names = ", ".join(one.name for one in series)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{names} in {unit}">{"".join(lines)}</svg>'


def nice_ceiling(largest: float) -> float:
    """The next of 1, 2, 5, 10, 20, … that is not below ``largest``."""
    if largest <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= largest * (1 - 1e-9))


def _groups(values: Sequence[float], size: int) -> Iterator[Sequence[float]]:
    return (values[begin : begin + size] for begin in range(0, len(values), size))


def _height(value: float, ceiling: float) -> float:
    return _HEIGHT - _BOTTOM - value / ceiling * (_HEIGHT - _BOTTOM - _TOP)


def _grid(ceiling: float, unit: str) -> Iterator[str]:
    for quarter in range(5):
        value = ceiling * quarter / 4
        y = _height(value, ceiling)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--grid)"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    yield f'<text x="{_LEFT}" y="14" text-anchor="end">{unit}</text>'


def _seconds(end: float) -> Iterator[str]:
    for quarter in range(5):
        x = _LEFT + quarter / 4 * (_WIDTH - _LEFT - _RIGHT)
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{end * quarter / 4:.0f} s</text>'


def _legend(series: Sequence[Series]) -> Iterator[str]:
    for number, one in enumerate(series):
        yield f'<text x="{_LEFT + 20 + 200 * number}" y="14" style="fill:var({one.color})">■ {one.name}</text>'


def _line(one: Series, places: Sequence[float], values: Sequence[float], ceiling: float) -> str:
    points = " ".join(f"{x:.1f},{_height(y, ceiling):.1f}" for x, y in zip(places, values, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="var({one.color})" stroke-width="2"/>'
