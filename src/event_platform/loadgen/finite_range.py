"""Numbers on the command line: in a range, and finite."""

import math
from typing import Any, Final

import click


class Finite(click.FloatRange):
    """A range without ``nan`` and ``inf``, which are numbers to Python, but neither rates nor durations."""

    name = "float range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Read ``value``; a usage error where it is no such number."""
        if not math.isfinite(click.FLOAT.convert(value, param, ctx)):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return super().convert(value, param, ctx)


MINUTES: Final = Finite(0, 10_080, min_open=True)
"""Up to a week, as a phase of a scenario."""
