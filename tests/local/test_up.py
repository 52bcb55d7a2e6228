"""``event-platform up`` and its companions, on local servers, with a long state directory path that has spaces."""

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from redis import Redis
from tests.fixtures.failed_tests import LogFiles
from tests.fixtures.shell import Shell
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.local.servers.ports import is_free
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ControlRequest
from event_platform.local.supervisor.supervised_process import ProcessSnapshot, ProcessState

EVERYTHING = ("ingest", "processor", "admin", "kafka", "postgres", "redis")


@dataclass(frozen=True)
class Local:
    """A platform with its own state directory and ports."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, **overrides: str) -> subprocess.CompletedProcess[str]:
        """Run ``event-platform`` to its end."""
        return Shell(self.folder, self.environment | overrides).run(*arguments)

    def status(self, *options: str) -> dict[str, dict[str, dict[str, str | int | None]]]:
        """The output of `status --json`."""
        output = self.run("status", "--json", *options)
        assert output.returncode == 0, output.stderr
        found: dict[str, dict[str, dict[str, str | int | None]]] = json.loads(output.stdout)
        return found

    def snapshots(self) -> dict[str, ProcessSnapshot]:
        """The content of `status`, without the time it takes to start a command."""
        answer = control_protocol.send(self.home, ControlRequest("status"))
        assert answer, "the platform is not running"
        return {name: entry.snapshot for name, entry in answer.entries.items() if entry.snapshot}

    def pids(self) -> dict[str, int]:
        """Ids of the running processes by name."""
        return {name: snapshot.pid for name, snapshot in self.snapshots().items() if snapshot.pid}

    def url_of(self, server: str) -> str:
        """The address of a server with its password."""
        return str(self.status("--secrets")["servers"][server]["url"])

    def service_ports(self) -> list[int]:
        """The ports of its services."""
        return [urlsplit(str(service["url"])).port or 0 for service in self.status()["services"].values()]

    def supervisor_pid(self) -> int:
        """The supervisor's process id, from the process records."""
        recorded = json.loads((self.home / "processes.json").read_text())
        return int(recorded["supervisor"]["pid"])

    @property
    def home(self) -> Path:
        """The state directory."""
        return Path(self.environment["EVENT_PLATFORM_HOME"])


def make_local(folder: Path, **settings: str) -> Local:
    """A platform that is not started yet; its state directory's path has spaces and is too long for a socket."""
    home = folder / "a state folder with spaces" / ("and a long name " * 6).strip()
    environment = {"INGEST_PORT": "0", "ADMIN_PORT": "0", "PROCESSOR_PORT": "0", "EVENT_PLATFORM_HOME": str(home)}
    return Local(folder, environment | settings)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, log_files: LogFiles) -> Iterator[tuple[Local, str]]:
    """A started platform, and what `up` printed."""
    local = make_local(tmp_path_factory.mktemp("up"))
    log_files.use(local.home / "logs")
    try:
        done = local.run("up", "--detach")
        assert done.returncode == 0, done.stderr
        yield local, done.stdout
    finally:
        local.run("down", "--purge")
        log_files.leave([local.home / "logs"])


@pytest.fixture(scope="module")
def local(started: tuple[Local, str]) -> Local:
    """The started platform."""
    return started[0]


def test_the_printed_curl_line_works_as_pasted(started: tuple[Local, str]) -> None:
    """The event is accepted, and the printed addresses answer."""
    local, printed = started
    line = next(line for line in printed.splitlines() if line.startswith("curl "))
    words = shlex.split(line)
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    body = words[words.index("-d") + 1]
    answer = httpx.post(words[1], headers=headers, content=body, timeout=DEADLINE_SECONDS)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    admin = local.status()["services"]["admin"]["url"]
    assert httpx.get(f"{admin}/admin/health", timeout=DEADLINE_SECONDS).is_success


def test_status_json_has_every_part(local: Local) -> None:
    """Each with its process; no password without `--secrets`."""
    output = local.status()
    assert set(output["services"]) == {"ingest", "processor", "admin"}
    assert set(output["servers"]) == {"kafka", "postgres", "redis"}
    assert set(local.pids()) == set(EVERYTHING)
    assert all(psutil.pid_exists(pid) for pid in local.pids().values())
    assert local.url_of("postgres") not in local.run("status", "--json").stdout


def test_a_second_up_changes_nothing(local: Local) -> None:
    """It says so, and is no error."""
    before = local.pids()
    done = local.run("up", "--detach")
    assert done.returncode == 0
    assert "running already" in done.stdout
    assert local.pids() == before


@pytest.mark.timing
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_killed_process_is_back_within_ten_seconds(local: Local, name: str, promised: Promised) -> None:
    """Status shows the restart, and nothing else restarted."""

    def seconds_to_recover() -> float:
        if local.snapshots()[name].restarts:
            # A process that died repeatedly is restarted after longer and longer delays, unless a person starts it.
            assert local.run("stop", name).returncode == local.run("start", name).returncode == 0
            eventually(lambda: local.snapshots()[name].state is ProcessState.READY, "readiness")
        before = local.pids()
        restarts = local.snapshots()[name].restarts
        killed_at = time.monotonic()
        os.kill(before[name], signal.SIGKILL)
        eventually(lambda: local.snapshots()[name].restarts > restarts, "the restart")
        eventually(lambda: local.snapshots()[name].state is ProcessState.READY, "readiness")
        seconds = time.monotonic() - killed_at
        after = local.pids()
        assert after.pop(name) != before.pop(name)
        assert after == before
        assert "last ended by SIGKILL" in _row(local, name)
        return seconds

    promised.within(10, seconds_to_recover)


def _row(local: Local, name: str) -> str:
    return next(line for line in local.run("status").stdout.splitlines() if line.startswith(f"{name} "))


@pytest.mark.parametrize("name", ["processor", "redis"])
def test_what_is_stopped_stays_stopped_until_started(local: Local, name: str) -> None:
    """Services and servers alike; stopped ones have no process."""
    assert local.run("stop", name).returncode == 0
    assert name not in local.pids()
    assert local.snapshots()[name].state is ProcessState.STOPPED
    assert local.run("start", name).returncode == 0
    assert local.snapshots()[name].state is ProcessState.READY


def test_a_service_starts_with_another_setting(local: Local) -> None:
    """`start --env` replaces the running process; a wrong value is refused and changes nothing."""
    before = local.pids()["ingest"]
    assert local.run("start", "ingest", "--env", "RATE_LIMITS=tenant_a:60000").returncode == 0
    process = psutil.Process(local.pids()["ingest"])
    assert process.pid != before
    assert process.environ()["RATE_LIMITS"] == "tenant_a:60000"
    refused = local.run("start", "ingest", "--env", "RATE_LIMITS=tenant_a:none")
    assert refused.returncode == 1
    assert "RATE_LIMITS" in refused.stderr
    assert local.pids()["ingest"] == process.pid
    assert local.run("start", "ingest").returncode == 0


@pytest.mark.parametrize("setting", ["INGEST_PORT=1", "INGEST_HOST=127.0.0.1", "EVENT_PLATFORM_HOME=/nowhere"])
def test_settings_fixed_while_the_platform_runs_are_refused(local: Local, setting: str) -> None:
    """The supervisor would check readiness at the old address, or no longer recognise the process."""
    before = local.pids()["ingest"]
    refused = local.run("start", "ingest", "--env", setting)
    assert refused.returncode == 1
    assert f"{setting.partition('=')[0]}: fixed while the platform runs" in refused.stderr
    assert local.pids()["ingest"] == before


def test_unreadable_keys_stop_no_service(local: Local) -> None:
    """A missing file is refused before the running process is stopped."""
    before = local.pids()["ingest"]
    refused = local.run("start", "ingest", "--env", "API_KEYS_FILE=/nowhere/keys")
    assert refused.returncode == 1
    assert "API_KEYS_FILE=/nowhere/keys cannot be read" in refused.stderr
    assert local.pids()["ingest"] == before


def test_an_unknown_name_is_refused(local: Local) -> None:
    """The error lists the names that there are."""
    done = local.run("stop", "zookeeper")
    assert done.returncode == 1
    assert "zookeeper" in done.stderr
    assert "kafka" in done.stderr


def test_logs_show_what_a_service_wrote(local: Local) -> None:
    """Of one service or of all; an unknown name is refused."""
    assert "eady to accept connections" in local.run("logs", "redis").stdout
    assert "redis " in local.run("logs").stdout
    assert local.run("logs", "nothing").returncode == 1


def kill_supervisor(local: Local) -> None:
    """Kill the supervisor by SIGKILL; return when it is gone."""
    supervisor = psutil.Process(local.supervisor_pid())
    supervisor.kill()
    supervisor.wait(DEADLINE_SECONDS)


def test_up_after_a_killed_supervisor_stops_orphans_and_keeps_data(local: Local) -> None:
    """The next `up` stops what was left running, and starts everything on the existing data."""
    with psycopg.connect(local.url_of("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (a int)")
    with Redis.from_url(local.url_of("redis")) as redis:
        redis.set("kept", "yes")
        assert redis.waitaof(1, 0, int(DEADLINE_SECONDS * 1_000)) == [1, 0]
    left = local.pids()
    kill_supervisor(local)
    assert local.run("status").returncode == 1
    assert all(psutil.pid_exists(pid) for pid in left.values())

    done = local.run("up", "--detach")

    assert done.returncode == 0, done.stderr
    assert "which a killed supervisor had left running" in done.stdout
    assert not any(psutil.pid_exists(pid) for pid in left.values())
    with psycopg.connect(local.url_of("postgres")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    with Redis.from_url(local.url_of("redis")) as redis:
        assert redis.get("kept") == b"yes"
    brokers = str(local.status()["servers"]["kafka"]["brokers"])
    assert "events.raw" in AdminClient({"bootstrap.servers": brokers}).list_topics(timeout=DEADLINE_SECONDS).topics


@pytest.mark.timing
def test_a_second_start_is_ready_within_fifteen_seconds(local: Local, promised: Promised) -> None:
    """`down` leaves no process, port or control socket, a second `down` has nothing to do, and `up` is fast."""

    def seconds_to_start() -> float:
        pids, ports = [*local.pids().values(), local.supervisor_pid()], local.service_ports()
        assert local.run("down").returncode == 0
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert all(map(is_free, ports))
        assert not (local.home / "control").exists()
        assert "nothing was running" in local.run("down").stdout
        started_at = time.monotonic()
        assert local.run("up", "--detach").returncode == 0
        return time.monotonic() - started_at

    promised.within(15, seconds_to_start)


def test_down_cleans_up_after_a_killed_supervisor(local: Local) -> None:
    """It stops the orphans."""
    left = local.pids()
    kill_supervisor(local)
    assert local.run("down").stdout.strip() == "stopped"
    assert not any(psutil.pid_exists(pid) for pid in left.values())
