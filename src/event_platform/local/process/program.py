"""A process of the platform: how it is started, told to end, and known to be ready."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from event_platform.core import sighup
from event_platform.local.process.log_file import open_log
from event_platform.local.state_dir.directory import Account


@dataclass(frozen=True)
class Program:
    """What is needed to run one process.

    Attributes:
        holds_hang_up: Whether SIGHUP is held back from its first moment on, until it can follow it.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    is_ready: Callable[[], bool]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    holds_hang_up: bool = False
    address: Mapping[str, str] = field(default_factory=dict)


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start ``program`` in a session of its own, so that a terminal's Ctrl-C reaches only the one who ends it in order.

    Raises:
        OSError: It cannot be started.
    """
    account = program.account
    held = sighup.held() if program.holds_hang_up else nullcontext()
    with open_log(program.log) as output, held:
        return subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def run_once(
    program: Program, command: tuple[str, ...], timeout_seconds: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end as ``program`` would run, and return its output."""
    account = program.account
    return subprocess.run(
        command,
        env=dict(program.environment),
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout_seconds,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def server_environment(home: Path) -> dict[str, str]:
    """The environment of a server: nothing of ours but the mark by which a process is known as this platform's."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "EVENT_PLATFORM_HOME": str(home)}
