"""Every test but the long ones: first the starts and restarts alone, then the rest in two runs side by side.

Starts and restarts are promised within seconds, and of a machine that is not busy with other tests. The tests of
outages, of the processor's promises and of the load generator mostly wait, for outages to pass and for events to be
sent, so that both runs together take little longer than either. Each run has servers of its own.
"""

import subprocess
import sys
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-m", "not long")
STARTS = "tests/local/test_up.py"
WAITING = (
    "tests/loadgen",
    "tests/promises/test_ingest_outage.py",
    *map(str, sorted(Path("tests/promises").glob("test_processor_*.py"))),
)
LOG = Path(".build/waiting-tests.log")


def main() -> int:
    """Run all; the exit status is 0 only if all passed."""
    statuses = [_wait(subprocess.Popen([*PYTEST, STARTS]))]
    with LOG.open("wb") as log:
        beside = subprocess.Popen([*PYTEST, *WAITING], stdout=log, stderr=subprocess.STDOUT)
    others = subprocess.Popen([*PYTEST, *(f"--ignore={each}" for each in (STARTS, *WAITING))])
    statuses += [_wait(others), _wait(beside)]
    sys.stdout.write(f"\nBeside it:\n\n{LOG.read_text(errors='replace')}")
    return max(map(abs, statuses))


def _wait(run: "subprocess.Popen[bytes]") -> int:
    # Ctrl-C reaches every run as well; they end their servers first.
    while True:
        try:
            return run.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main())
