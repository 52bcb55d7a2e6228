"""The figures of a run: as text, JSON, HTML, and as conditions on the exit status.

summary          the figures of a finished run
run_warnings     what the figures mean where a reader could misread them
text_report      the summary as text
svg_chart        line charts as SVG
html_report      the summary with charts and the reconciliation report, as one HTML file
output_files     writes the JSON and the HTML file
fail_conditions  ``--fail-if``: conditions such as ``p99>50ms``
progress         progress while a run lasts, on standard error
"""
