"""Which browser the dashboard's tests use: one that is here, else one that can be had without asking anybody."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
DOWNLOAD_SECONDS: Final = 300

Which = Callable[[str], str | None]
Run = Callable[[list[str]], bool]


class BrowserMissingError(Exception):
    """None is here and none could be had; the text says what helps."""


def find(npx: list[str], *, is_root: bool, which: Which = shutil.which, run: Run | None = None) -> dict[str, str]:
    """What Playwright's configuration must be told of the browser: nothing, where it is Playwright's own.

    Args:
        npx: The command that starts a program of the dashboard's packages.
        is_root: Whether packages of the system may be installed.
        which: Finds a program on PATH.
        run: Runs a command; whether it succeeded.

    Raises:
        BrowserMissingError: Nothing worked.
    """
    run = run or _run
    if installed := _installed(which):
        return {"CHROMIUM_PATH": installed}
    if is_root and which("apt-get") and _install_package(run) and (installed := _installed(which)):
        return {"CHROMIUM_PATH": installed}
    if run([*npx, "playwright", "install", *(["--with-deps"] if is_root else []), "chromium"]):
        return {}
    raise BrowserMissingError(
        "the dashboard's tests need Chromium or Chrome: install one, for instance with `sudo apt-get install chromium`"
    )


def _installed(which: Which) -> str | None:
    """One that the user names wins."""
    on_path = (which(name) for name in NAMES)
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, on_path), str(MAC) if MAC.exists() else None)


def _install_package(run: Run) -> bool:
    return run(["apt-get", "update"]) and run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])


def _run(command: list[str]) -> bool:
    try:
        return subprocess.run(command, timeout=DOWNLOAD_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
