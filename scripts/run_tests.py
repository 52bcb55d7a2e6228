"""``make test``: runs every part of the checks and tests to its end, and then lists all failures.

Most tests run in parallel, a file at a time, in processes with their own servers. They do not depend on the speed of
the machine, so the checks and the dashboard's tests run beside them. Guaranteed durations are measured afterwards, one
test at a time.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts import junit_results
from scripts.junit_results import FAILED

from event_platform.local.servers import kafka_jars
from event_platform.local.state_dir import directory

RESULTS: Final = Path(".build/results")

PROCESSES: Final = 4
"""More than cores, as tests mostly wait. The Kafka, Postgres and Redis of a process take half a gigabyte together."""

IN_PARALLEL: Final = ("-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the run: its name and its command."""

    name: str
    command: tuple[str, ...]

    @property
    def log(self) -> Path:
        """The file for its output while another part writes to the terminal."""
        return RESULTS / f"{self.name}.log"


def pytest(name: str, marks: str, *more: str) -> Part:
    """Return the part that runs the tests with these marks."""
    return Part(name, (sys.executable, "-m", "pytest", "-m", marks, f"--junitxml={RESULTS / name}.xml", *more))


CHECK: Final = Part("check", ("make", "--no-print-directory", "check"))
DASHBOARD: Final = Part(
    "dashboard",
    (
        *("scripts/with-node", "npm", "--prefix", "dashboard", "test", "--"),
        *("--reporter=default", "--reporter=junit", f"--outputFile.junit={RESULTS.absolute() / 'dashboard.xml'}"),
    ),
)
TESTS: Final = pytest("tests", "not long and not timing", *IN_PARALLEL)
DURATIONS: Final = pytest("durations", "timing and not long")


def main() -> int:
    """Run all parts; the exit status is 0 only if all passed."""
    started = time.monotonic()
    for folder in (RESULTS, FAILED):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    # Once, so that the processes do not all download it.
    kafka_jars.fetch(directory.locate(Path()).cache_directory(), print)
    try:
        statuses = _run([TESTS, CHECK, DASHBOARD]) | _run([DURATIONS])
    except KeyboardInterrupt:
        return 130
    return _summarize(statuses, time.monotonic() - started)


def _run(parts: list[Part]) -> dict[str, int]:
    """Run parts in parallel and return their exit statuses; the first writes to the terminal, the others follow."""
    first, *others = parts
    _print(f"=== {' and '.join(part.name for part in parts)}")
    running = {first: _start(first, None), **{part: _start(part, part.log) for part in others}}
    try:
        statuses = {part.name: process.wait() for part, process in running.items()}
    except KeyboardInterrupt:
        # Ctrl-C has reached the parts as well; they first stop their servers.
        for process in running.values():
            process.wait()
        raise
    for part in others:
        _print(f"=== {part.name}\n{part.log.read_text(errors='replace').strip()}")
    return statuses


def make_test_environment(folder: Path) -> dict[str, str]:
    """Return the environment of the tests, which write their results to ``folder``.

    Python may write its bytecode cache, because tests start hundreds of processes.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"TEST_RESULTS": str(folder.absolute())}


def _start(part: Part, log: Path | None) -> "subprocess.Popen[bytes]":
    environment = make_test_environment(RESULTS)
    if log is None:
        return subprocess.Popen(part.command, env=environment)
    with log.open("wb") as output:
        return subprocess.Popen(part.command, env=environment, stdout=output, stderr=subprocess.STDOUT)


def _summarize(statuses: dict[str, int], seconds: float) -> int:
    failures = junit_results.failures(RESULTS)
    listed = {failure.part for failure in failures}
    unlisted = [
        f"{name}: exit status {status}" for name, status in statuses.items() if _has_other_cause(name, status, listed)
    ]
    lines = [*unlisted, *map(str, failures)]
    verdict = f"{len(lines)} failed" if lines else "all passed"
    took = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    _print("\n".join([f"=== {junit_results.count(RESULTS)} tests, {verdict}, in {took}", *lines]))
    return 1 if lines else 0


def _has_other_cause(name: str, status: int, listed: set[str]) -> bool:
    """Return whether failed tests do not explain a part's exit status: it may have crashed before it ran them all."""
    return status not in {0, junit_results.TESTS_FAILED} or (status != 0 and name not in listed)


def _print(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
