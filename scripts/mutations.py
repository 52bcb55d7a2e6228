"""``make mutations``: code is broken on purpose, and the test that holds the promise has to turn red.

What is broken, and which test is to see it, stands in ``tests/mutations/*.toml``; ``docs/guarantees.md`` shows the same
as tables (``--write``). Each is tried in a copy of the working tree, so nothing of it is touched. ``ONLY`` chooses
those in which each of its words occurs.
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
from pathlib import Path

import msgspec
from scripts import results
from scripts.mutation_page import PAGE, written
from scripts.mutation_rows import Edit, Mutation, read

LIMIT_SECONDS = 240.0
"""For one mutation: what is broken often waits for what never comes."""

_PATIENCE_SECONDS = 60.0
"""For what its tests started to be ended."""

_UNTRACKED = Path("src/event_platform/admin/dashboard")


class Verdict(msgspec.Struct, frozen=True):
    """What its tests said of a mutation; ``reason`` is how the first of them failed."""

    is_red: bool
    reason: str
    seconds: float


def copy_tree(folder: Path) -> None:
    """Put what is under version control, or will be, and the built pages into ``folder``."""
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
def broken(tree: Path, edits: tuple[Edit, ...]) -> Iterator[None]:
    """The tree with these edits made, and as before afterwards.

    Raises:
        ValueError: A text to replace does not stand in its file exactly once.
    """
    before = {tree / edit.file: (tree / edit.file).read_text("utf-8") for edit in edits}
    try:
        for edit in edits:
            path = tree / edit.file
            path.write_text(edit.made_in(path.read_text("utf-8")), "utf-8")
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")


def judge(mutation: Mutation, tree: Path, log: Path) -> Verdict:
    """Break the tree, and run the tests that are to see it."""
    started = time.monotonic()
    try:
        with broken(tree, mutation.edits):
            status = _run(mutation, tree, log)
    except ValueError as error:
        return Verdict(is_red=False, reason=str(error), seconds=0)
    found = results.failures(log.parent)
    reason = found[0].message if found else f"exit status {status}; see {log}"
    # A run that never came to a test, or has nothing that failed, proves nothing.
    return Verdict(status == results.TESTS_FAILED and bool(found), reason, time.monotonic() - started)


def _run(mutation: Mutation, tree: Path, log: Path) -> int:
    chosen = "long or not long" if mutation.is_long else "not long"
    junit = f"--junitxml={log.with_suffix('.xml')}"
    command = (sys.executable, "-m", "pytest", "-x", "-m", chosen, "-p", "no:cacheprovider", junit, *mutation.tests)
    environment = os.environ | {"PYTHONPATH": str(tree / "src"), "TEST_FAILED": str(log.parent / "failed")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        return process.wait(mutation.limit_seconds or LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return _end(process)


def _end(process: "subprocess.Popen[bytes]") -> int:
    """As Ctrl-C, so that the tests end what they started; whatever they do not end by themselves is killed."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def main() -> int:
    """Try the chosen ones and tell of each; the exit status is 0 only if all were seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="words, each of which occurs in the text of a mutation")
    parser.add_argument("--jobs", type=int, default=3, help="how many are tried side by side")
    parser.add_argument("--logs", type=Path, default=Path(".build/mutations"), help="where the output of tests goes")
    parser.add_argument("--write", action="store_true", help="only bring the page up to date")
    given = parser.parse_args()
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), read()), "utf-8")
        return 0
    chosen = [mutation for section in read() for mutation in section.having(given.only)]
    return _conclude(_judge_all(chosen, given.jobs, given.logs.absolute()))


def _judge_all(chosen: list[Mutation], jobs: int, logs: Path) -> list[Verdict]:
    shutil.rmtree(logs, ignore_errors=True)
    trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        for number in range(jobs):
            copy_tree(Path(folder, str(number)))
            trees.put(Path(folder, str(number)))

        def judge_next(numbered: tuple[int, Mutation]) -> Verdict:
            number, mutation = numbered
            log = logs / f"{number:03}" / "pytest.log"
            log.parent.mkdir(parents=True)
            tree = trees.get()
            try:
                verdict = judge(mutation, tree, log)
            finally:
                trees.put(tree)
            _tell(mutation, verdict)
            return verdict

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(judge_next, enumerate(chosen)))


def _tell(mutation: Mutation, verdict: Verdict) -> None:
    colour = "red" if verdict.is_red else "NOT RED"
    lines = [f"{colour:8} {mutation.fault} | {mutation.broken} ({verdict.seconds:.0f} s)", f"         {verdict.reason}"]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _conclude(verdicts: list[Verdict]) -> int:
    unseen = sum(not verdict.is_red for verdict in verdicts)
    sys.stdout.write(f"{len(verdicts)} mutations, {unseen} not seen by their tests\n")
    return 1 if unseen or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
