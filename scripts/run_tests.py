"""Every test but the long ones: first the starts and restarts alone, then the promises' tests beside all others.

Starts and restarts are promised within seconds, and of a machine that is not busy with other tests. The tests of the
promises mostly wait for outages to pass, so that both together take little longer than either. Each run has servers
of its own.
"""

import subprocess
import sys
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-m", "not long")
STARTS = "tests/local/test_up.py"
PROMISES = "tests/promises"
LOG = Path(".build/promises.log")


def main() -> int:
    """Run all; the exit status is 0 only if all passed."""
    statuses = [_wait(subprocess.Popen([*PYTEST, STARTS]))]
    with LOG.open("wb") as log:
        beside = subprocess.Popen([*PYTEST, PROMISES], stdout=log, stderr=subprocess.STDOUT)
    others = subprocess.Popen([*PYTEST, "--ignore", PROMISES, "--ignore", STARTS])
    statuses += [_wait(others), _wait(beside)]
    sys.stdout.write(f"\nThe promises:\n\n{LOG.read_text(errors='replace')}")
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
