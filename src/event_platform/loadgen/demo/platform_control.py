"""Drives the local platform through its command line, as a person does."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from event_platform.core.errors import PlatformError

_TIMEOUT_SECONDS: Final = 600.0
"""The first `up` downloads the servers."""


def is_up() -> bool:
    """Whether the platform of this folder is running."""
    return _run("status", "--json", check=False).returncode == 0


def up() -> None:
    """Start the platform in the background; return when everything is ready.

    Raises:
        PlatformError: It did not start; the message has the command's error output.
    """
    _run("up", "--detach", show=True)


def urls() -> dict[str, str]:
    """Return the URLs of the services by name; raises as `up` does."""
    services: dict[str, dict[str, Any]] = json.loads(_run("status", "--json").stdout)["services"]
    return {name: str(entry["url"]) for name, entry in services.items()}


def stop(name: str) -> None:
    """Stop a service or server; raises as `up` does."""
    _run("stop", name)


def start(name: str, settings: Mapping[str, str] | None = None) -> None:
    """Start a service or server; a service with ``settings`` in place of its usual ones.

    A service that is running with other settings is restarted. Raises as `up` does.
    """
    options = [word for setting, value in (settings or {}).items() for word in ("--env", f"{setting}={value}")]
    _run("start", name, *options)


def _run(*arguments: str, check: bool = True, show: bool = False) -> subprocess.CompletedProcess[str]:
    command = f"event-platform {' '.join(arguments)}"
    try:
        completed = subprocess.run(
            [sys.executable, "-m", "event_platform.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            # Ctrl-C must reach only the demo, which then restores the platform with further commands.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise PlatformError(f"`{command}` took over {_TIMEOUT_SECONDS:.0f} s") from error
    if check and completed.returncode:
        raise PlatformError(f"`{command}` failed: {completed.stderr.strip()}")
    return completed
