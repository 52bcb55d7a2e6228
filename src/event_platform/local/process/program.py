"""What is needed to run a process of the platform, and starting it."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from event_platform.core import sighup
from event_platform.local.process.identity import HOME_VARIABLE
from event_platform.local.process.log_file import open_log
from event_platform.local.state_dir.os_account import ServerAccount


@dataclass(frozen=True, slots=True)
class Program:
    """Everything needed to run one process.

    Attributes:
        is_ready: Asks the process whether it is ready; called again and again while it starts.
        account: The account to run as; None for our own.
        stop_signal: Asks the process to shut down.
        stop_seconds: How long it may take to do so before it is killed.
        starts_with_sighup_blocked: Whether SIGHUP is blocked until the process has installed its handler.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    working_directory: Path
    log: Path
    is_ready: Callable[[], bool]
    account: ServerAccount | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    starts_with_sighup_blocked: bool = False


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start ``program`` in a session of its own, so that Ctrl-C in a terminal reaches only the supervisor.

    Raises:
        OSError: It cannot be started.
    """
    account = program.account
    blocked = sighup.blocked() if program.starts_with_sighup_blocked else nullcontext()
    with open_log(program.log) as output, blocked:
        return subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.working_directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def run_to_completion(
    program: Program, command: tuple[str, ...], timeout_seconds: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` with the environment, directory and account of ``program``; return its output and exit status."""
    account = program.account
    return subprocess.run(
        command,
        env=dict(program.environment),
        cwd=program.working_directory,
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
    """The environment of a server: none of ours but the state directory, by which its process is recognised."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", HOME_VARIABLE: str(home)}
