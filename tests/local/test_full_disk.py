"""A platform goes on while its state folder can take nothing, and is as before when it can again."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.fixtures.disks import Disk
from tests.fixtures.processes import has_ended
from tests.fixtures.shell import Shell
from tests.fixtures.waiting import eventually

from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Request
from event_platform.local.supervisor.supervised_process import Snapshot, State

SERVICES = ("ingest", "processor", "admin")


@dataclass(frozen=True)
class Platform:
    """Services on named servers, and what keeps their state folder from being written.

    ``obstacle`` gives what tells whether supervision has met it: it looks after its files every few seconds only.
    """

    shell: Shell
    home: Path
    obstacle: AbstractContextManager[Callable[[], bool]]

    def snapshots(self) -> dict[str, Snapshot]:
        """What `status` shows."""
        answer = control_protocol.ask(self.home, Request("status"))
        assert answer, "the platform is not running"
        return {name: entry.snapshot for name, entry in answer.entries.items() if entry.snapshot}

    def pid(self, name: str) -> int:
        """The process of a service that is ready."""

        def ready() -> int | None:
            found = self.snapshots()[name]
            return found.pid if found.state is State.READY else None

        return eventually(ready, f"{name} to be ready")

    def kill(self, name: str) -> None:
        """SIGKILL; returns when another process is ready."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.snapshots()[name].pid not in {None, before}, f"another process of {name}")
        assert psutil.pid_exists(self.pid(name))

    def grow(self, name: str) -> Path:
        """Have a service's log so large that it is to be cut, without room for a copy."""
        log = self.home / "logs" / f"{name}.log"
        os.truncate(log, 11 * 1_048_576)
        return log


@contextmanager
def full_disk(disk: Disk, home: Path) -> Iterator[Callable[[], bool]]:
    """Nothing more can be written to what the folder lies on."""
    taken = disk.fill(home.parent)
    logs = home / "logs"
    before = logs.stat().st_mtime_ns

    def is_met() -> bool:
        # No line tells, as none can be written; but a copy of a log was begun, and is gone.
        return logs.stat().st_mtime_ns != before and not (logs / "admin.log.1").exists()

    yield is_met
    taken.unlink()


@contextmanager
def folders_in_place_of_files(home: Path) -> Iterator[Callable[[], bool]]:
    """What is written from time to time cannot be, by nobody."""
    (home / "processes.json").unlink()
    paths = [home / "processes.json", home / "logs" / "admin.log.1"]
    for path in paths:
        path.mkdir()
    yield lambda: "duty failed; retrying" in told(home)
    for path in paths:
        path.rmdir()


@pytest.fixture(params=["a full disk", "folders in place of files"])
def platform(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path, disk: Disk
) -> Iterator[Platform]:
    """One that is ready, on a disk of its own where that is permitted."""
    home = tmp_path / "disk" / "home"
    home.parent.mkdir()
    is_disk = request.param == "a full disk"
    with disk.mounted(home.parent, "16m") if is_disk else nullcontext():
        obstacle = full_disk(disk, home) if is_disk else folders_in_place_of_files(home)
        shell = Shell(tmp_path, environment | {"EVENT_PLATFORM_HOME": str(home)})
        started = shell.run("up", "--detach")
        try:
            assert started.returncode == 0, started.stderr
            yield Platform(shell, home, obstacle)
        finally:
            shell.run("down", "--purge")


def test_nothing_stops_that_could_go_on(platform: Platform) -> None:
    """Services that die come back, orders are carried out, no log is lost; and all heals by itself."""
    with platform.obstacle as is_met:
        log = platform.grow("admin")
        for name in SERVICES:
            platform.kill(name)
        assert platform.shell.run("stop", "processor").returncode == 0
        assert platform.snapshots()["processor"].state is State.STOPPED
        assert platform.shell.run("start", "processor").returncode == 0
        pids = {name: platform.pid(name) for name in SERVICES}
        eventually(is_met, "supervision to meet the obstacle")
        assert log.stat().st_size >= 11 * 1_048_576
    eventually(lambda: log.stat().st_size < 1_048_576, "the log to be cut")
    eventually(lambda: recorded(platform.home) == pids, "the records to be written")
    eventually(lambda: "duty recovered" in told(platform.home), "supervision to tell of it")
    platform.kill("ingest")


def recorded(home: Path) -> dict[str, int]:
    """The services' processes by the records."""
    try:
        found = json.loads((home / "processes.json").read_text())
    except (OSError, ValueError):
        return {}
    return {name: found[name]["pid"] for name in SERVICES if name in found}


def told(home: Path) -> set[str]:
    """What the supervisor logged."""
    lines = (home / "logs" / "supervisor.log").read_text().splitlines()
    return {json.loads(line)["event"] for line in lines if line.startswith("{")}


def test_down_ends_everything(platform: Platform) -> None:
    """Though no record tells which processes these are."""
    with platform.obstacle:
        platform.kill("ingest")
        processes = [psutil.Process(platform.pid(name)) for name in SERVICES]
        ended = platform.shell.run("down")
        assert ended.stdout.strip() == "stopped", ended.stderr
        assert all(map(has_ended, processes))
        assert "not running" in platform.shell.run("status").stderr
    assert platform.shell.run("up", "--detach").returncode == 0
