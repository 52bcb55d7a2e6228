"""The files that a run leaves behind."""

import json
from pathlib import Path

from event_platform.core.errors import PlatformError
from event_platform.loadgen.options import Options
from event_platform.loadgen.reconciliation.reconciliation_report import BalanceSheet
from event_platform.loadgen.report import html_report
from event_platform.loadgen.report.summary import Summary


def write(options: Options, summary: Summary, sheet: BalanceSheet | None) -> None:
    """Write those that are asked for.

    Raises:
        PlatformError: A file cannot be written.
    """
    if options.json_file:
        found = sheet.to_json() if sheet else None
        figures = {"scenario": options.scenario, **summary.to_json(), "balance_sheet": found}
        _write(options.json_file, json.dumps(figures, indent=2) + "\n")
    if options.html_file:
        _write(options.html_file, html_report.page(f"Load test: {options.scenario}", summary, sheet))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise PlatformError(f"writing {file}: {error.strerror}") from error
