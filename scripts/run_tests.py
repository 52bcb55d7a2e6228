"""``make test``: every part of the checks and tests, to its end, and then one list of all that failed.

Most tests run side by side, a file at a time, in processes that have servers of their own: nothing in them depends on
how quick the machine is. Durations that are promised are measured afterwards, alone, one after another.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from scripts import results
from scripts.results import FAILED

RESULTS = Path(".build/results")

PROCESSES = max(2, min(4, os.cpu_count() or 2))
"""Each with a Kafka, a Postgres and a Redis, half a gigabyte together."""

# What takes longest comes first, so that no process is left with it in the end.
LONGEST_FIRST = (
    "tests/promises/test_processor_crash.py",
    "tests/dashboard",
    "tests/promises",
    "tests/loadgen",
    "tests/local",
    "tests/admin",
    "tests/ingest",
    "tests",
)
BESIDE_EACH_OTHER = ("-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Part:
    """A part of the tests: its name and its command."""

    name: str
    command: tuple[str, ...]


def pytest(name: str, marks: str, *more: str) -> Part:
    """The tests that these marks choose."""
    command = (sys.executable, "-m", "pytest", "-m", marks, f"--junitxml={RESULTS / name}.xml", *more)
    return Part(name, command)


DASHBOARD = Part(
    "dashboard",
    (
        *("scripts/with-node", "npm", "--prefix", "dashboard", "test", "--"),
        *("--reporter=default", "--reporter=junit", f"--outputFile.junit={RESULTS.absolute() / 'dashboard.xml'}"),
    ),
)
PARTS = (
    Part("check", ("make", "--no-print-directory", "check")),
    DASHBOARD,
    pytest("tests", "not long and not timing", *BESIDE_EACH_OTHER, *LONGEST_FIRST),
    pytest("durations", "timing and not long"),
)


def main() -> int:
    """Run all parts; the exit status is 0 only if all passed."""
    started = time.monotonic()
    for folder in (RESULTS, FAILED):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        statuses = {part.name: _run(part) for part in PARTS}
    except KeyboardInterrupt:
        return 130
    return _conclude(statuses, time.monotonic() - started)


def _run(part: Part) -> int:
    """Its exit status; Ctrl-C ends it and what it has started before it ends us."""
    sys.stdout.write(f"\n=== {part.name}\n")
    sys.stdout.flush()
    running = subprocess.Popen(part.command, env=os.environ | {"TEST_RESULTS": str(RESULTS.absolute())})
    try:
        return running.wait()
    except KeyboardInterrupt:
        running.wait()
        raise


def _conclude(statuses: dict[str, int], seconds: float) -> int:
    failures = results.failures(RESULTS)
    listed = {failure.part for failure in failures}
    unlisted = [
        f"{name}: ended with status {status}" for name, status in statuses.items() if status and name not in listed
    ]
    took = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    lines = [*unlisted, *map(str, failures)]
    verdict = f"{len(lines)} failed" if lines else "all passed"
    sys.stdout.write("\n".join([f"\n=== {results.count(RESULTS)} tests, {verdict}, in {took}", *lines]) + "\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
