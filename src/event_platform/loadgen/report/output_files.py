"""Writes the JSON and the HTML report of a run."""

import json
from pathlib import Path

from event_platform.core.errors import PlatformError
from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.report import html_report
from event_platform.loadgen.report.summary import Summary


def write_json(file: Path, scenario: str, summary: Summary, reconciliation: ReconciliationReport | None) -> None:
    """Write all figures, and the reconciliation report as ``balance_sheet``.

    Raises:
        PlatformError: The file cannot be written.
    """
    report = reconciliation.to_json() if reconciliation else None
    figures = {"scenario": scenario, **summary.to_json(), "balance_sheet": report}
    _write(file, json.dumps(figures, indent=2) + "\n")


def write_html(file: Path, scenario: str, summary: Summary, reconciliation: ReconciliationReport | None) -> None:
    """Write a page with charts, figures and the reconciliation report.

    Raises:
        PlatformError: The file cannot be written.
    """
    _write(file, html_report.render(f"Load test: {scenario}", summary, reconciliation))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise PlatformError(f"writing {file}: {error.strerror}") from error
