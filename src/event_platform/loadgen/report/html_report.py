"""A run as one HTML file with charts, readable without a network."""

from html import escape
from typing import Final

from event_platform.loadgen.reconciliation.reconciliation_report import ReconciliationReport
from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.recording.timeline import TimelinePoint
from event_platform.loadgen.report.summary import Summary
from event_platform.loadgen.report.svg_chart import Series, chart
from event_platform.loadgen.report.text_report import figures

_STYLE: Final = """
:root { color-scheme: light dark; --a: #2563eb; --b: #d97706; --c: #dc2626; --d: #7c3aed; --grid: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--grid); border-radius: 6px }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: currentColor }
.warning { border-left: 4px solid var(--b); padding-left: 1rem } .failed { border-color: var(--c) }
"""


def render(title: str, summary: Summary, reconciliation: ReconciliationReport | None) -> str:
    """Return the whole file."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="warning">{escape(warning)}</p>' for warning in summary.warnings),
        *_charts(summary.timeline),
        "<h2>Figures</h2>",
        "<pre>" + escape("\n".join(figures(summary))) + "</pre>",
        *(_reconciliation(reconciliation) if reconciliation else ()),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{_STYLE}</style></head>\n<body>{body}</body>\n</html>\n'
    )


def _charts(points: list[TimelinePoint]) -> list[str]:
    if not points:
        return []
    seconds = [point.at for point in points]
    return [
        "<h2>Events per second</h2>",
        chart(seconds, _rates(points), "events/s"),
        "<h2>Latency, from the intended start</h2>",
        chart(seconds, _percentiles(points), "ms"),
    ]


def _rates(points: list[TimelinePoint]) -> list[Series]:
    unsuccessful = (Outcome.INVALID, Outcome.IN_PROGRESS, Outcome.FAILED)
    return [
        Series("accepted", "--a", [point.rate(Outcome.ACCEPTED) for point in points]),
        Series("duplicates", "--d", [point.rate(Outcome.DUPLICATE) for point in points]),
        Series("rate-limited", "--b", [point.rate(Outcome.RATE_LIMITED) for point in points]),
        Series("invalid, in progress, failed", "--c", [point.rate(*unsuccessful) for point in points]),
    ]


def _percentiles(points: list[TimelinePoint]) -> list[Series]:
    return [
        Series("p50", "--a", [point.p50 * 1_000 for point in points]),
        Series("p99", "--c", [point.p99 * 1_000 for point in points]),
    ]


def _reconciliation(report: ReconciliationReport) -> list[str]:
    verdict = "" if report.reconciled else '<p class="warning failed">Not reconciled.</p>'
    return ["<h2>Reconciliation</h2>", verdict, f"<pre>{escape(str(report))}</pre>"]
