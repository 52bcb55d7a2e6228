"""Progress as plain lines."""

from tests.loadgen.report.finished_runs import ACCEPTED, LIMITED, finished_run

from event_platform.loadgen.report.progress import plain_lines


def test_progress_lines_come_every_five_seconds() -> None:
    """Without a terminal there are few lines, each with rate, counts, latencies and time left."""
    lines: list[str] = []
    show = plain_lines(lines.append)
    run = finished_run(ACCEPTED, LIMITED)
    for seconds in range(1, 12):
        run.elapsed_seconds = seconds
        show(run)
    assert len(lines) == 2
    assert lines[0].startswith(
        "left 55 s, rate now 2/s, sent 2, accepted 1, duplicates 0, 429 1, errors 0, p50 now 4.0"
    )
