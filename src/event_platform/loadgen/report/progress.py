"""How a run is going: a live panel on a terminal, a plain line every few seconds elsewhere."""

import contextlib
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending.load_run import OnProgress, Run

_LINE_EVERY_SECONDS = 5.0


@contextlib.contextmanager
def shown(*, quiet: bool) -> Iterator[OnProgress]:
    """What shows a run while the context lasts, on standard error; colours follow ``NO_COLOR``."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _run: None
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            yield lambda run: live.update(panel(run))
    else:
        yield plain_lines(lambda line: click.echo(line, err=True))


def plain_lines(write: Callable[[str], None]) -> OnProgress:
    """Writes a line now and then."""
    next_at = _LINE_EVERY_SECONDS

    def show(run: Run) -> None:
        nonlocal next_at
        if run.elapsed_seconds >= next_at:
            next_at += _LINE_EVERY_SECONDS
            write(", ".join(f"{name} {value}" for name, value in figures(run).items()))

    return show


def panel(run: Run) -> Table:
    """The figures under a bar."""
    table = Table.grid(padding=(0, 2))
    table.add_row("", ProgressBar(total=run.job.scenario.seconds, completed=run.elapsed_seconds, width=40))
    for name, value in figures(run).items():
        table.add_row(name, value)
    return table


def figures(run: Run) -> dict[str, str]:
    """Rate and latencies of the last second, and the counts so far."""
    tally = run.tally
    now = run.points[-1] if run.points else None
    left_seconds = max(0.0, run.job.scenario.seconds - run.elapsed_seconds)
    return {
        "left": "waiting for the last answers" if not left_seconds else f"{left_seconds:.0f} s",
        "rate now": f"{now.rate():,.0f}/s" if now else "-",
        "sent": f"{tally.sent:,}",
        "accepted": f"{tally.count(Outcome.ACCEPTED):,}",
        "duplicates": f"{tally.count(Outcome.DUPLICATE):,}",
        "429": f"{tally.count(Outcome.RATE_LIMITED):,}",
        "errors": f"{tally.count(Outcome.FAILED) + tally.count(Outcome.INVALID):,}",
        "p50 now": f"{now.p50 * 1_000:.1f} ms" if now else "-",
        "p99 now": f"{now.p99 * 1_000:.1f} ms" if now else "-",
    }


@contextlib.contextmanager
def sentences(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """What shows what is being waited for: in place on a terminal, a line for each new sentence elsewhere."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _sentence: None
    elif console.is_terminal:
        with console.status("asking the platform") as status:
            yield status.update
    else:
        yield _new_lines()


def _new_lines() -> Callable[[str], None]:
    last = ""

    def show(sentence: str) -> None:
        nonlocal last
        if sentence != last:
            click.echo(sentence, err=True)
        last = sentence

    return show
