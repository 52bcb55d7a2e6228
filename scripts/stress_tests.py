"""``make test-stress``: repeats tests while busy loops occupy every core, and counts which failed how often.

It finds tests that depend on the speed of the machine. ``TESTS`` are paths as pytest takes them, by default all;
``RUNS`` is the number of repetitions. The output of each run is kept in ``.build/stress``.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from scripts import junit_results
from scripts.run_tests import IN_PARALLEL, make_test_environment

BUSY_LOOP: Final = "while True: pass"
FOLDER: Final = Path(".build/stress")
NO_TESTS: Final = 5
"""pytest's exit status if no test was selected."""


@contextmanager
def busy_machine(loops: int) -> Iterator[None]:
    """Keep ``loops`` cores busy inside the context."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY_LOOP]) for _ in range(loops)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


def run_once(tests: list[str], marks: str, folder: Path) -> int:
    """Run ``tests`` like `make test`, first in parallel, then those of durations alone, and keep their output.

    Returns:
        The worst exit status; a part without selected tests counts as 0.
    """
    folder.mkdir(parents=True)
    parts = {"tests": (f"({marks}) and not timing", IN_PARALLEL), "durations": (f"({marks}) and timing", ())}
    return max(_run_part(folder / name, chosen, [*how, *tests]) for name, (chosen, how) in parts.items())


def _run_part(path: Path, marks: str, more: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-m", marks, f"--junitxml={path}.xml", *more]
    environment = make_test_environment(path.parent) | {"TEST_FAILED": str(path.parent / "failed")}
    with path.with_suffix(".log").open("wb") as log:
        status = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False).returncode
    return 0 if status == NO_TESTS else abs(status)


def main() -> int:
    """Repeat the tests and print the table; the exit status is 0 only if nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="*", default=["tests"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--loops", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--marks", default="not long", help="marks that select the tests, as for pytest's -m")
    given = parser.parse_args()
    folder = FOLDER / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    failed: Counter[str] = Counter()
    # Exit normally on SIGTERM, so that the busy loops are stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with busy_machine(given.loops):
        for number in range(1, given.runs + 1):
            _run_and_report(given, folder / f"run-{number}", failed)
    return _summarize(given.runs, failed, folder)


def _run_and_report(given: argparse.Namespace, folder: Path, failed: Counter[str]) -> None:
    started = time.monotonic()
    status = run_once(given.tests, given.marks, folder)
    found = junit_results.failures(folder)
    failed.update({failure.test for failure in found})
    if status not in {0, junit_results.TESTS_FAILED} or (status and not found):
        failed[f"the run as a whole: status {status}"] += 1
    if not junit_results.count(folder):
        failed["no test was run"] += 1
    seconds = time.monotonic() - started
    line = f"{folder}: {junit_results.count(folder)} tests, {len(found)} failed, status {status}, {seconds:.0f} s\n"
    sys.stdout.write(line + "".join(f"    {failure.test}: {failure.message}\n" for failure in found))
    sys.stdout.flush()


def _summarize(runs: int, failed: Counter[str], folder: Path) -> int:
    table = [f"{times:>4} of {runs}  {test}" for test, times in failed.most_common()]
    sys.stdout.write("\n".join(["", *(table or [f"nothing failed in {runs} runs"]), f"logs: {folder}", ""]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
