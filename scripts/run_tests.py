"""``make test``: every part of the checks and tests, to its end, and then one list of all that failed.

Most tests run side by side, a file at a time, in processes that have servers of their own: nothing in them depends on
how quick the machine is, so the checks and the dashboard's tests run beside them, too. Durations that are promised are
measured afterwards, alone, one after another.
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

from event_platform.local.servers import kafka_jars
from event_platform.local.state_dir import directory

RESULTS = Path(".build/results")

PROCESSES = 4
"""Tests wait more than they work. Each process has a Kafka, a Postgres and a Redis, half a gigabyte together."""

BESIDE_EACH_OTHER = ("-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Part:
    """A part of the tests: its name and its command."""

    name: str
    command: tuple[str, ...]

    @property
    def log(self) -> Path:
        """Where its output goes while others write to the terminal."""
        return RESULTS / f"{self.name}.log"


def pytest(name: str, marks: str, *more: str) -> Part:
    """The tests that these marks choose."""
    return Part(name, (sys.executable, "-m", "pytest", "-m", marks, f"--junitxml={RESULTS / name}.xml", *more))


CHECK = Part("check", ("make", "--no-print-directory", "check"))
DASHBOARD = Part(
    "dashboard",
    (
        *("scripts/with-node", "npm", "--prefix", "dashboard", "test", "--"),
        *("--reporter=default", "--reporter=junit", f"--outputFile.junit={RESULTS.absolute() / 'dashboard.xml'}"),
    ),
)
TESTS = pytest("tests", "not long and not timing", *BESIDE_EACH_OTHER)
DURATIONS = pytest("durations", "timing and not long")


def main() -> int:
    """Run all parts; the exit status is 0 only if all passed."""
    started = time.monotonic()
    for folder in (RESULTS, FAILED):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    # Once, instead of by each process for itself.
    kafka_jars.fetch(directory.locate(Path()).cache_directory(), print)
    try:
        statuses = _run([TESTS, CHECK, DASHBOARD]) | _run([DURATIONS])
    except KeyboardInterrupt:
        return 130
    return _conclude(statuses, time.monotonic() - started)


def _run(parts: list[Part]) -> dict[str, int]:
    """Run parts beside each other; the exit status of each. The first one writes to the terminal, the others later."""
    first, *others = parts
    _say(f"=== {' beside '.join(part.name for part in parts)}")
    running = {first: _start(first, None), **{part: _start(part, part.log) for part in others}}
    try:
        statuses = {part.name: process.wait() for part, process in running.items()}
    except KeyboardInterrupt:
        # It reached all of them as well, and they end their servers first.
        for process in running.values():
            process.wait()
        raise
    for part in others:
        _say(f"=== {part.name}\n{part.log.read_text(errors='replace').strip()}")
    return statuses


def environment_of_tests(folder: Path) -> dict[str, str]:
    """The environment as it is, and where results go.

    What Python has compiled it may keep: tests start hundreds of processes.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"TEST_RESULTS": str(folder.absolute())}


def _start(part: Part, log: Path | None) -> "subprocess.Popen[bytes]":
    environment = environment_of_tests(RESULTS)
    if log is None:
        return subprocess.Popen(part.command, env=environment)
    with log.open("wb") as output:
        return subprocess.Popen(part.command, env=environment, stdout=output, stderr=subprocess.STDOUT)


def _conclude(statuses: dict[str, int], seconds: float) -> int:
    failures = results.failures(RESULTS)
    listed = {failure.part for failure in failures}
    unlisted = [
        f"{name}: exit status {status}" for name, status in statuses.items() if _says_more(name, status, listed)
    ]
    lines = [*unlisted, *map(str, failures)]
    verdict = f"{len(lines)} failed" if lines else "all passed"
    took = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    _say("\n".join([f"=== {results.count(RESULTS)} tests, {verdict}, in {took}", *lines]))
    return 1 if lines else 0


def _says_more(name: str, status: int, listed: set[str]) -> bool:
    """Whether a part's exit status is not explained by its failed tests: it may have ended before the others ran."""
    return status not in {0, results.TESTS_FAILED} or (status != 0 and name not in listed)


def _say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
