"""Prometheus and Grafana ask for metrics that exist, of services that are there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from event_platform.core.settings.model import Settings
from event_platform.reference import exposed_metrics

INFRA = Path(__file__).parents[2] / "infra"

_IGNORED = re.compile(r'"[^"]*"|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]')
_NAME = re.compile(r"(?<![\w.])[a-z_][a-z0-9_]*(?!\w*\s*\()(?!\w)")
_OPERATORS = {"and", "or", "unless", "bool"}


def dashboard() -> dict[str, Any]:
    """The provisioned dashboard."""
    parsed: dict[str, Any] = json.loads((INFRA / "grafana/dashboards/event-platform.json").read_text("utf-8"))
    return parsed


def alerts() -> list[dict[str, Any]]:
    """The rules."""
    groups = yaml.safe_load((INFRA / "prometheus/alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    """``(where, expression)`` of every question to Prometheus."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for rule in alerts():
        yield rule["alert"], rule["expr"]


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names: what is left without labels, strings, ranges, functions and operators."""
    return set(_NAME.findall(_IGNORED.sub(" ", expression))) - _OPERATORS


def known() -> dict[str, tuple[str, ...]]:
    """Every series that the services expose, with its labels."""
    series: dict[str, tuple[str, ...]] = {"up": ("job",)}
    for exposed in (each for service in exposed_metrics().values() for each in service):
        suffixes = ("_bucket", "_sum", "_count") if exposed.kind == "histogram" else ("",)
        series |= {f"{exposed.name}{suffix}": exposed.labels for suffix in suffixes}
    return series


@pytest.mark.parametrize(("where", "expression"), list(queries()))
def test_metrics_exist(where: str, expression: str) -> None:
    """Every panel and alert asks for what a service really exposes, by labels that it really has."""
    named = metrics_in(expression)
    assert named, where
    assert named <= known().keys()
    labels = {label for name in named for label in known()[name]} | {"le"}
    asked = re.findall(r"(\w+)\s*=~?\s*\"", expression)
    asked += [name.strip() for group in re.findall(r"by\s*\(([^)]*)\)", expression) for name in group.split(",")]
    assert set(asked) <= labels


def test_names_are_found_in_expressions() -> None:
    """The reading of expressions that the other tests rely on finds names and nothing else."""
    expression = 'histogram_quantile(0.99, sum by (le) (rate(a_bucket{x="b_total"}[1m]))) > 2 or min(c) / d == 0'
    assert metrics_in(expression) == {"a_bucket", "c", "d"}


def test_panels_have_places_of_their_own() -> None:
    """No panel lies over another, and each says what it shows."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        assert panel["type"] == "row" or panel["description"]
        taken |= cells


def test_alerts_say_what_happened() -> None:
    """Whoever is woken reads a sentence."""
    assert alerts()
    assert all(rule["annotations"]["summary"] for rule in alerts())


def test_scraped_services_are_there() -> None:
    """Prometheus asks the services by their names in the compose file, on their ports."""
    config = yaml.safe_load((INFRA / "prometheus/prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert jobs == {
        name: [f"{name}:{Settings.model_fields[f'{name}_port'].default}"] for name in ("ingest", "processor")
    }
    assert config["rule_files"] == ["alerts.yml"]


def test_datasource_is_the_dashboards() -> None:
    """The panels ask the source that is provisioned."""
    sources = yaml.safe_load((INFRA / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    [source] = sources["datasources"]
    assert {panel["datasource"]["uid"] for panel in dashboard()["panels"] if "targets" in panel} == {source["uid"]}
