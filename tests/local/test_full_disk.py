"""A platform keeps running while its state directory is not writable, and recovers afterwards."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.fixtures.disks import TemporaryDisks
from tests.fixtures.processes import has_ended
from tests.fixtures.shell import Shell
from tests.fixtures.waiting import eventually

from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ControlRequest
from event_platform.local.supervisor.supervised_process import ProcessSnapshot, ProcessState

SERVICES = ("ingest", "processor", "admin")


@dataclass(frozen=True)
class Platform:
    """Services on external servers, and what keeps their state directory from being written.

    ``obstacle`` yields a function that tells whether the supervisor, which writes its files every few seconds, met it.
    """

    shell: Shell
    home: Path
    obstacle: AbstractContextManager[Callable[[], bool]]

    def snapshots(self) -> dict[str, ProcessSnapshot]:
        """The content of `status`."""
        answer = control_protocol.send(self.home, ControlRequest("status"))
        assert answer, "the platform is not running"
        return {name: entry.snapshot for name, entry in answer.entries.items() if entry.snapshot}

    def pid(self, name: str) -> int:
        """The process id of a service, once that is ready."""

        def ready() -> int | None:
            found = self.snapshots()[name]
            return found.pid if found.state is ProcessState.READY else None

        return eventually(ready, f"{name} to be ready")

    def kill(self, name: str) -> None:
        """Kill a service by SIGKILL; return when another process is ready."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.snapshots()[name].pid not in {None, before}, f"another process of {name}")
        assert psutil.pid_exists(self.pid(name))

    def grow(self, name: str) -> Path:
        """Make a service's log so large that it must be rotated, without space for a copy."""
        log = self.home / "logs" / f"{name}.log"
        os.truncate(log, 11 * 1_048_576)
        return log


@contextmanager
def full_disk(disk: TemporaryDisks, home: Path) -> Iterator[Callable[[], bool]]:
    """Fill the disk that the directory is on."""
    taken = disk.fill(home.parent)
    logs = home / "logs"
    before = logs.stat().st_mtime_ns

    def is_met() -> bool:
        # No log line can be written; but a copy of a log was begun and removed.
        return logs.stat().st_mtime_ns != before and not (logs / "admin.log.1").exists()

    yield is_met
    taken.unlink()


@contextmanager
def directories_in_place_of_files(home: Path) -> Iterator[Callable[[], bool]]:
    """Put directories in place of files that are written from time to time, so that not even root can write them."""
    (home / "processes.json").unlink()
    paths = [home / "processes.json", home / "logs" / "admin.log.1"]
    for path in paths:
        path.mkdir()
    yield lambda: "task failed; retrying" in logged_events(home)
    for path in paths:
        path.rmdir()


@pytest.fixture(params=["a full disk", "directories in place of files"])
def platform(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path, disk: TemporaryDisks
) -> Iterator[Platform]:
    """A platform that is ready, on a disk of its own where mounting is permitted."""
    home = tmp_path / "disk" / "home"
    home.parent.mkdir()
    is_disk = request.param == "a full disk"
    with disk.mounted(home.parent, "16m") if is_disk else nullcontext():
        obstacle = full_disk(disk, home) if is_disk else directories_in_place_of_files(home)
        shell = Shell(tmp_path, environment | {"EVENT_PLATFORM_HOME": str(home)})
        started = shell.run("up", "--detach")
        try:
            assert started.returncode == 0, started.stderr
            yield Platform(shell, home, obstacle)
        finally:
            shell.run("down", "--purge")


def test_the_platform_keeps_running(platform: Platform) -> None:
    """Dead services are restarted, requests are carried out, no log is lost; and everything recovers by itself."""
    with platform.obstacle as is_met:
        log = platform.grow("admin")
        for name in SERVICES:
            platform.kill(name)
        assert platform.shell.run("stop", "processor").returncode == 0
        assert platform.snapshots()["processor"].state is ProcessState.STOPPED
        assert platform.shell.run("start", "processor").returncode == 0
        pids = {name: platform.pid(name) for name in SERVICES}
        eventually(is_met, "the supervisor to meet the obstacle")
        assert log.stat().st_size >= 11 * 1_048_576
    eventually(lambda: log.stat().st_size < 1_048_576, "the log to be truncated")
    eventually(lambda: recorded(platform.home) == pids, "the records to be written")
    eventually(lambda: "task recovered" in logged_events(platform.home), "the supervisor to log the recovery")
    platform.kill("ingest")


def recorded(home: Path) -> dict[str, int]:
    """Process ids of the services in the process records."""
    try:
        found = json.loads((home / "processes.json").read_text())
    except (OSError, ValueError):
        return {}
    return {name: found[name]["pid"] for name in SERVICES if name in found}


def logged_events(home: Path) -> set[str]:
    """The events that the supervisor logged."""
    lines = (home / "logs" / "supervisor.log").read_text().splitlines()
    return {json.loads(line)["event"] for line in lines if line.startswith("{")}


def test_down_stops_everything(platform: Platform) -> None:
    """Although no record names the processes."""
    with platform.obstacle:
        platform.kill("ingest")
        processes = [psutil.Process(platform.pid(name)) for name in SERVICES]
        ended = platform.shell.run("down")
        assert ended.stdout.strip() == "stopped", ended.stderr
        assert all(map(has_ended, processes))
        assert "not running" in platform.shell.run("status").stderr
    assert platform.shell.run("up", "--detach").returncode == 0
