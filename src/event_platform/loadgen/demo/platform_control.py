"""Drives the local platform by its command line, as a person does."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from event_platform.core.errors import PlatformError

_TIMEOUT_SECONDS = 600.0
"""A first `up` fetches the servers."""


def is_up() -> bool:
    """Whether the platform of this folder runs."""
    return _run("status", "--json", check=False).returncode == 0


def up() -> None:
    """Start it in the background; returns when all is ready.

    Raises:
        PlatformError: It did not start; with what it said.
    """
    _run("up", "--detach", show=True)


def urls() -> dict[str, str]:
    """Where its services are, by name; raises as `up` does."""
    services: dict[str, dict[str, Any]] = json.loads(_run("status", "--json").stdout)["services"]
    return {name: str(entry["url"]) for name, entry in services.items()}


def stop(name: str) -> None:
    """Stop a service or server; raises as `up` does."""
    _run("stop", name)


def start(name: str, settings: Mapping[str, str] | None = None) -> None:
    """Start it, a service with ``settings`` over its usual ones; raises as `up` does.

    A service that runs with other settings is started again.
    """
    given = [word for setting, value in (settings or {}).items() for word in ("--env", f"{setting}={value}")]
    _run("start", name, *given)


def _run(*words: str, check: bool = True, show: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "event_platform.cli", *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            # Ctrl-C is for the demo, which then puts things right with further commands.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise PlatformError(f"`event-platform {' '.join(words)}` took over {_TIMEOUT_SECONDS:.0f} s") from error
    if check and done.returncode:
        raise PlatformError(f"`event-platform {' '.join(words)}` failed: {done.stderr.strip()}")
    return done
