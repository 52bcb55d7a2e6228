"""The HTML report is one file, complete and offline."""

import re
from pathlib import Path

from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, summary_of

from event_platform.loadgen.reconciliation.reconciliation_report import Difference, ReconciliationReport
from event_platform.loadgen.report import html_report


def test_the_html_report_is_complete_and_offline(tmp_path: Path) -> None:
    """It has charts, figures and the reconciliation report, fetches nothing, and escapes everything."""
    report = ReconciliationReport({}, differences=[Difference("tenant_a", "<script>", "lost", "nowhere")])
    page = html_report.render("Load test: <mine>", summary_of(ACCEPTED), report)
    (tmp_path / "report.html").write_text(page)
    assert page.count("<svg") == 2
    assert "<polyline" in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", page)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "Not reconciled." in page


def test_a_warning_is_shown_once() -> None:
    """It is shown at the top, and not repeated among the figures."""
    summary = summary_of(LIMITED, LIMITED, ACCEPTED)
    assert html_report.render("t", summary, None).count("Most answers were 429") == len(summary.warnings) == 1
