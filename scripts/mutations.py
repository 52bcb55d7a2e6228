"""``make mutations``: breaks the code on purpose and checks that the test of the affected guarantee fails.

The mutations and their tests are in ``tests/mutations/*.toml``; ``docs/guarantees.md`` shows them as tables
(``--write``). Each runs in a copy of the working tree. ``ONLY`` selects the mutations that contain each of its words.
"""

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts import junit_results
from scripts.mutation_definitions import Edit, Mutation, read
from scripts.mutation_page import PAGE, render

LIMIT_SECONDS: Final = 240.0
"""For the tests of one mutation: broken code often waits for something that never happens."""

_EXIT_SECONDS: Final = 60.0
"""For the tests to stop what they have started."""

_UNTRACKED: Final = Path("src/event_platform/admin/dashboard")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the tests of a mutation failed, and how the first of them did."""

    is_detected: bool
    reason: str
    seconds: float


def copy_tree(folder: Path) -> None:
    """Copy the files that are not ignored by git, and the built dashboard, into ``folder``."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard"), capture_output=True, text=True, check=True
    )
    for name in map(Path, listed.stdout.splitlines()):
        if name.exists():
            (folder / name.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name)
    if _UNTRACKED.exists():
        shutil.copytree(_UNTRACKED, folder / _UNTRACKED)


@contextmanager
def mutated(tree: Path, edits: tuple[Edit, ...]) -> Iterator[None]:
    """Apply the edits to the tree inside the context.

    Raises:
        ValueError: A text to replace does not occur in its file exactly once.
    """
    before = {tree / edit.file: (tree / edit.file).read_text("utf-8") for edit in edits}
    try:
        for edit in edits:
            path = tree / edit.file
            path.write_text(edit.apply_to(path.read_text("utf-8")), "utf-8")
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")


def run_mutation(mutation: Mutation, tree: Path, log: Path) -> Verdict:
    """Break the tree, and run the tests that have to fail."""
    started = time.monotonic()
    try:
        with mutated(tree, mutation.edits):
            status = _run_tests(mutation, tree, log)
    except ValueError as error:
        return Verdict(is_detected=False, reason=str(error), seconds=0)
    found = junit_results.failures(log.parent)
    reason = found[0].message if found else f"exit status {status}; see {log}"
    # A run that never reached a test, or in which none failed, proves nothing.
    return Verdict(status == junit_results.TESTS_FAILED and bool(found), reason, time.monotonic() - started)


def _run_tests(mutation: Mutation, tree: Path, log: Path) -> int:
    chosen = "long or not long" if mutation.is_long else "not long"
    junit = f"--junitxml={log.with_suffix('.xml')}"
    command = (sys.executable, "-m", "pytest", "-x", "-m", chosen, "-p", "no:cacheprovider", junit, *mutation.tests)
    environment = os.environ | {"PYTHONPATH": str(tree / "src"), "TEST_FAILED": str(log.parent / "failed")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        return process.wait(mutation.limit_seconds or LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> int:
    """Interrupt the tests, so that they stop what they have started; kill them if they do not exit in time."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(_EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def main() -> int:
    """Run the selected mutations and report each; the exit status is 0 only if all were detected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="words that a mutation has to contain")
    parser.add_argument("--jobs", type=int, default=3, help="how many run in parallel")
    parser.add_argument(
        "--logs", type=Path, default=Path(".build/mutations"), help="folder for the output of the tests"
    )
    parser.add_argument("--write", action="store_true", help="only render the page")
    given = parser.parse_args()
    if given.write:
        PAGE.write_text(render(PAGE.read_text("utf-8"), read()), "utf-8")
        return 0
    chosen = [mutation for section in read() for mutation in section.matching(given.only)]
    return _summarize(_run_all(chosen, given.jobs, given.logs.absolute()))


def _run_all(chosen: list[Mutation], jobs: int, logs: Path) -> list[Verdict]:
    shutil.rmtree(logs, ignore_errors=True)
    trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        for number in range(jobs):
            copy_tree(Path(folder, str(number)))
            trees.put(Path(folder, str(number)))

        def run_next(numbered: tuple[int, Mutation]) -> Verdict:
            number, mutation = numbered
            log = logs / f"{number:03}" / "pytest.log"
            log.parent.mkdir(parents=True)
            tree = trees.get()
            try:
                verdict = run_mutation(mutation, tree, log)
            finally:
                trees.put(tree)
            _report(mutation, verdict)
            return verdict

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(run_next, enumerate(chosen)))


def _report(mutation: Mutation, verdict: Verdict) -> None:
    result = "detected" if verdict.is_detected else "MISSED"
    lines = [f"{result:8} {mutation.fault} | {mutation.broken} ({verdict.seconds:.0f} s)", f"         {verdict.reason}"]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _summarize(verdicts: list[Verdict]) -> int:
    missed = sum(not verdict.is_detected for verdict in verdicts)
    sys.stdout.write(f"{len(verdicts)} mutations, {missed} not detected by their tests\n")
    return 1 if missed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
