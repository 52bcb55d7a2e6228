"""Every test but the long ones: the promises' beside all others, each run on servers of its own.

The tests of the promises mostly wait for outages to pass, so that both together take little longer than either.
"""

import subprocess
import sys
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-m", "not long")
PROMISES = "tests/promises"
LOG = Path(".build/promises.log")


def main() -> int:
    """Run both; the exit status is 0 only if both passed."""
    with LOG.open("wb") as log:
        beside = subprocess.Popen([*PYTEST, PROMISES], stdout=log, stderr=subprocess.STDOUT)
    others = subprocess.Popen([*PYTEST, "--ignore", PROMISES])
    statuses = [_wait(others), _wait(beside)]
    sys.stdout.write(f"\nThe promises:\n\n{LOG.read_text(errors='replace')}")
    return max(map(abs, statuses))


def _wait(run: "subprocess.Popen[bytes]") -> int:
    # Ctrl-C reaches both runs as well; they end their servers first.
    while True:
        try:
            return run.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main())
