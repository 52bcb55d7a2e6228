"""The option type for finite numbers within a range."""

import math
from typing import Any, Final

import click


class FiniteRange(click.FloatRange):
    """A float range without ``nan`` and ``inf``, which are floats to Python but neither rates nor durations."""

    name = "float range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Parse ``value``; a usage error if it is not a finite number within the range."""
        if not math.isfinite(click.FLOAT.convert(value, param, ctx)):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return super().convert(value, param, ctx)


MINUTES: Final = FiniteRange(0, 10_080, min_open=True)
"""A duration of up to a week, the limit of a scenario's phase."""
