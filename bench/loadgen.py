"""Speed of the load generator: how many requests one worker sends to a bare endpoint while it holds the schedule.

Rates are tried upwards; one is held when at most 1 % of the requests start late and none is dropped. Then the lateness
is measured at half of the promised rate. Prints a table; ``docs/benchmarks/loadgen.md`` keeps one.
"""

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from event_platform.loadgen.report.run_warnings import generator_was_bottleneck
from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides

PROMISED_RATE = 5_000
RATES = (2_500, 5_000, 7_500, 10_000, 12_500, 15_000)
SECONDS = 10.0
PROMISED_LATENESS_SECONDS = 0.005


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """The bare endpoint's URL."""
    command = [sys.executable, str(Path(__file__).with_name("loadgen_endpoint.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip() if process.stdout else ''}"
        finally:
            process.kill()


def measure(url: str, rate: float, batch_size: int | None = None) -> LoadRun:
    """Run one worker at ``rate`` events per second."""
    scenario = apply_overrides(scenario_files.load("baseline"), Overrides(rps=rate, minutes=SECONDS / 60))
    target = parse_target(url, {"tenant_a": "key_a", "tenant_b": "key_b"})
    config = RunConfig(scenario, target, 1, SendOptions(as_batches=batch_size is not None), batch_size)
    return run_load(config, 1, lambda _run: None)


def main() -> None:
    """Print the table, and whether the promises hold."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {SECONDS:g} s each")
    print(f"{'rate':>8}{'achieved':>10}{'late':>8}{'lateness p50':>14}{'p99':>8}{'service p50':>13}{'p99':>8}  held")
    with endpoint() as url:
        runs = {rate: measure(url, rate) for rate in RATES}
    for rate, result in runs.items():
        print(_line(rate, result))
    half = runs[PROMISED_RATE // 2].counters.lateness.percentile(99)
    print(f"{PROMISED_RATE:,} requests/s held: {'yes' if _is_held(runs[PROMISED_RATE]) else 'no'}")
    verdict = "yes" if half < PROMISED_LATENESS_SECONDS else "no"
    print(f"lateness p99 at half of that below {PROMISED_LATENESS_SECONDS * 1_000:g} ms: {verdict}")


def _is_held(result: LoadRun) -> bool:
    return not generator_was_bottleneck(result.counters)


def _line(rate: float, result: LoadRun) -> str:
    counters = result.counters
    times = [
        f"{seconds * 1_000:.2f}"
        for histogram in (counters.lateness, counters.service_time)
        for seconds in (histogram.percentile(50), histogram.percentile(99))
    ]
    achieved = counters.sent / result.sending_seconds
    return (
        f"{rate:>8,}{achieved:>10,.0f}{counters.late:>8,}{times[0]:>14}{times[1]:>8}{times[2]:>13}{times[3]:>8}"
        f"  {'yes' if _is_held(result) else 'no'}"
    )


if __name__ == "__main__":
    main()
