"""The documented errors."""

from event_platform.core.metrics import ingest as metrics
from event_platform.ingest import rejections


def test_every_outcome_is_declared() -> None:
    """Every rejection has its counter."""
    codes = {kind.code for kind in rejections.ALL} - {"NOT_FOUND", "METHOD_NOT_ALLOWED"}
    assert codes < set(metrics.OUTCOMES)
