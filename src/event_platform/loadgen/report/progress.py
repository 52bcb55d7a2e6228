"""Progress on standard error: a live panel on a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import click
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending.load_run import LoadRun, OnProgress

_LINE_INTERVAL_SECONDS: Final = 5.0


@contextlib.contextmanager
def run_progress(*, quiet: bool) -> Iterator[OnProgress]:
    """Yield a callback that shows the progress of a run; colours follow ``NO_COLOR``."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _run: None
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            yield lambda run: live.update(_panel(run))
    else:
        yield plain_lines(lambda line: click.echo(line, err=True))


@contextlib.contextmanager
def status_messages(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a callback that shows what is being waited for: in place on a terminal, else a line per new message."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _message: None
    elif console.is_terminal:
        with console.status("asking the platform") as status:
            yield status.update
    else:
        yield _new_lines()


def plain_lines(write: Callable[[str], None]) -> OnProgress:
    """Return a callback that writes a line every five seconds."""
    next_at = _LINE_INTERVAL_SECONDS

    def show(run: LoadRun) -> None:
        nonlocal next_at
        if run.elapsed_seconds >= next_at:
            next_at += _LINE_INTERVAL_SECONDS
            write(", ".join(f"{name} {value}" for name, value in _figures(run).items()))

    return show


def _panel(run: LoadRun) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("", ProgressBar(total=run.config.scenario.seconds, completed=run.elapsed_seconds, width=40))
    for name, value in _figures(run).items():
        table.add_row(name, value)
    return table


def _figures(run: LoadRun) -> dict[str, str]:
    """Return the rate and latencies of the last second, and the counts so far."""
    counters = run.counters
    latest = run.points[-1] if run.points else None
    left_seconds = max(0.0, run.config.scenario.seconds - run.elapsed_seconds)
    return {
        "left": "waiting for the last answers" if not left_seconds else f"{left_seconds:.0f} s",
        "rate now": f"{latest.rate():,.0f}/s" if latest else "-",
        "sent": f"{counters.sent:,}",
        "accepted": f"{counters.count(Outcome.ACCEPTED):,}",
        "duplicates": f"{counters.count(Outcome.DUPLICATE):,}",
        "429": f"{counters.count(Outcome.RATE_LIMITED):,}",
        "errors": f"{counters.count(Outcome.FAILED) + counters.count(Outcome.INVALID):,}",
        "p50 now": f"{latest.p50 * 1_000:.1f} ms" if latest else "-",
        "p99 now": f"{latest.p99 * 1_000:.1f} ms" if latest else "-",
    }


def _new_lines() -> Callable[[str], None]:
    last = ""

    def show(message: str) -> None:
        nonlocal last
        if message != last:
            click.echo(message, err=True)
        last = message

    return show
