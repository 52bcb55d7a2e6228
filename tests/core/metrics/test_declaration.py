"""Metrics: each declaration has one collector, and says the same."""

import pytest
from prometheus_client import CollectorRegistry

from event_platform.core.metrics import admin, ingest, processor
from event_platform.core.metrics.declaration import MetricDeclaration


@pytest.mark.parametrize(
    ("collectors", "declared"),
    [(processor.ProcessorMetrics, processor.ALL), (admin.AdminMetrics, admin.ALL)],
    ids=["processor", "admin"],
)
def test_each_declaration_is_registered(
    collectors: type[processor.ProcessorMetrics | admin.AdminMetrics], declared: tuple[MetricDeclaration, ...]
) -> None:
    """The reference page, which is rendered from the declarations, is complete."""
    registry = CollectorRegistry()
    collectors(registry)
    registered = {(family.name, family.documentation, family.type) for family in registry.collect()}
    assert registered == {(each.name, each.help, each.kind) for each in declared}


def test_names_are_unique() -> None:
    """A name is declared once, whichever service has it."""
    names = [each.name for each in (*ingest.ALL, *processor.ALL, *admin.ALL)]
    assert len(set(names)) == len(names)
