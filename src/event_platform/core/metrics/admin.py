"""Metrics of the admin API."""

from typing import Final

from prometheus_client import CollectorRegistry

from event_platform.core.metrics.declaration import REQUEST_SECONDS, MetricDeclaration

RESPONSES: Final = MetricDeclaration(
    "admin_answers",
    "Responses by route and status; (other) is the dashboard's pages and unknown paths.",
    "counter",
    ("route", "status"),
)
RESPONSE_SECONDS: Final = MetricDeclaration(
    "admin_answer_seconds",
    "Time from a request's head to the head of its response.",
    "histogram",
    ("route",),
    bounds=REQUEST_SECONDS,
)
ALL: Final = (RESPONSES, RESPONSE_SECONDS)


class AdminMetrics:
    """The collectors of the admin API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.responses = RESPONSES.counter(registry)
        self.response_seconds = RESPONSE_SECONDS.histogram(registry)
