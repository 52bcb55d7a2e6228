"""A port that is reserved is nobody else's, until it is released or its process ends."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from event_platform.core.errors import UnavailableError
from event_platform.local.servers import ports
from event_platform.local.servers.ports import Reservations, is_free

RESERVE = """
import sys
from pathlib import Path
from event_platform.local.servers.ports import Reservations
kept = Reservations(Path(sys.argv[1]))
print(kept.reserve(), flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A process that has reserved a port, which nobody listens on, and the port."""
    command = [sys.executable, "-c", RESERVE, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), process
        process.kill()


def test_what_another_process_has_reserved_is_passed_over(tmp_path: Path) -> None:
    """Although nobody listens there, until that process ends, however it ends."""
    with Reservations(tmp_path) as ours, another_process(tmp_path) as (port, process):
        assert is_free(port)
        assert ours.reserve((port,)) != port
        process.kill()
        process.wait()
        assert ours.reserve((port,)) == port


def test_what_is_released_is_free_for_all(tmp_path: Path) -> None:
    """Also before the process ends."""
    with Reservations(tmp_path) as first, Reservations(tmp_path) as second:
        port = first.reserve()
        assert second.reserve((port,)) != port
        first.release(port)
        assert second.reserve((port,)) == port


def test_no_port_is_given_twice(tmp_path: Path) -> None:
    """Not to the same one either."""
    with Reservations(tmp_path) as reservations:
        given = [reservations.reserve() for _ in range(50)]
        assert len(set(given)) == 50
        assert reservations.reserve((given[0],)) not in given


def test_a_port_somebody_listens_on_is_passed_over(tmp_path: Path) -> None:
    """Whoever that is; and its lock is not kept."""
    with socket.create_server(("127.0.0.1", 0)) as taken, Reservations(tmp_path) as reservations:
        port = taken.getsockname()[1]
        assert reservations.reserve((port,)) != port
        taken.close()
        assert reservations.reserve((port,)) == port


def test_random_ports_are_none_that_the_system_gives_to_clients(tmp_path: Path) -> None:
    """Else a client could sit on a server's port while that restarts."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with Reservations(tmp_path) as reservations:
        assert max(reservations.reserve() for _ in range(50)) < first


def test_without_a_place_for_locks_ports_are_chosen_all_the_same(tmp_path: Path) -> None:
    """What is taken then by two at once is noticed when the second one cannot listen."""
    (tmp_path / "file").touch()
    with Reservations(tmp_path / "file" / "folder") as reservations:
        assert is_free(reservations.reserve())


def test_no_free_port_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where it was looked for."""
    monkeypatch.setattr(ports, "is_free", lambda _port: False)
    with Reservations(tmp_path) as reservations, pytest.raises(UnavailableError, match="between 15000 and 32000"):
        reservations.reserve()
