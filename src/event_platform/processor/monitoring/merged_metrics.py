"""Merges the metrics of several workers into one exposition."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


def merge(expositions: Mapping[str, bytes]) -> bytes:
    """Return the samples of all ``expositions``, each with its key as the label ``worker``."""
    registry = CollectorRegistry()
    registry.register(_MergedFamilies(_families(expositions)))
    return generate_latest(registry)


class _MergedFamilies(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(expositions: Mapping[str, bytes]) -> list[Metric]:
    merged: dict[str, Metric] = {}
    for worker, exposition in expositions.items():
        for family in text_string_to_metric_families(exposition.decode()):
            into = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            into.samples += [sample._replace(labels={**sample.labels, "worker": worker}) for sample in family.samples]
    return list(merged.values())
