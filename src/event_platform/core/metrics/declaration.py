"""The declaration of a metric, from which its collector and its line in the reference page are made."""

from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REQUEST_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 6.0)
"""Buckets for the duration of an HTTP request and of the calls it makes."""


@dataclass(frozen=True, slots=True)
class MetricDeclaration:
    """A metric.

    Attributes:
        name: Its name in Prometheus; a counter's without ``_total``.
        help: The help text: what it counts or measures.
        kind: Its type in Prometheus.
        labels: The names of its labels.
        values: Every value of its only label, where they are fixed.
        bounds: The upper bounds of a histogram's buckets, without the last, infinite one.
    """

    name: str
    help: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    def counter(self, registry: CollectorRegistry) -> Counter:
        """Register a counter of the client library."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """Register a gauge of the client library."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """Register a histogram of the client library, with these buckets."""
        return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.bounds)
