"""A reserved port is nobody else's, until it is released or the process ends."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from event_platform.core.errors import UnavailableError
from event_platform.local.servers import ports
from event_platform.local.servers.ports import PortReservations, is_free

RESERVE = """
import sys
from pathlib import Path
from event_platform.local.servers.ports import PortReservations
kept = PortReservations(Path(sys.argv[1]))
print(kept.reserve(), flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A process that has reserved a port on which nothing listens, and the port."""
    command = [sys.executable, "-c", RESERVE, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), process
        process.kill()


def test_a_port_reserved_by_another_process_is_skipped(tmp_path: Path) -> None:
    """Although nothing listens there, until that process ends, even by SIGKILL."""
    with PortReservations(tmp_path) as ours, another_process(tmp_path) as (port, process):
        assert is_free(port)
        assert ours.reserve((port,)) != port
        process.kill()
        process.wait()
        assert ours.reserve((port,)) == port


def test_a_released_port_is_free(tmp_path: Path) -> None:
    """Also before the process ends."""
    with PortReservations(tmp_path) as first, PortReservations(tmp_path) as second:
        port = first.reserve()
        assert second.reserve((port,)) != port
        first.release(port)
        assert second.reserve((port,)) == port


def test_no_port_is_reserved_twice(tmp_path: Path) -> None:
    """Not within one process either."""
    with PortReservations(tmp_path) as reservations:
        given = [reservations.reserve() for _ in range(50)]
        assert len(set(given)) == 50
        assert reservations.reserve((given[0],)) not in given


def test_a_port_in_use_is_skipped(tmp_path: Path) -> None:
    """And its lock is not kept."""
    with socket.create_server(("127.0.0.1", 0)) as taken, PortReservations(tmp_path) as reservations:
        port = taken.getsockname()[1]
        assert reservations.reserve((port,)) != port
        taken.close()
        assert reservations.reserve((port,)) == port


def test_random_ports_are_not_ephemeral(tmp_path: Path) -> None:
    """Else a client could hold a server's port while that server restarts."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with PortReservations(tmp_path) as reservations:
        assert max(reservations.reserve() for _ in range(50)) < first


def test_ports_are_chosen_without_a_lock_directory(tmp_path: Path) -> None:
    """Two processes that choose the same port notice when the second cannot listen."""
    (tmp_path / "file").touch()
    with PortReservations(tmp_path / "file" / "folder") as reservations:
        assert is_free(reservations.reserve())


def test_no_free_port_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the range that was tried."""
    monkeypatch.setattr(ports, "is_free", lambda _port: False)
    with PortReservations(tmp_path) as reservations, pytest.raises(UnavailableError, match="between 15000 and 32000"):
        reservations.reserve()
