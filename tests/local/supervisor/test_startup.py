"""Servers get ports even where other programs take them at the last moment."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from event_platform.core.errors import UnavailableError
from event_platform.core.settings.loading import load
from event_platform.local.cli.purge import purge
from event_platform.local.process.records import ProcessRecords
from event_platform.local.servers import local_servers
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir import directory
from event_platform.local.supervisor import startup
from event_platform.local.supervisor.process_group import ProcessGroup
from event_platform.local.supervisor.startup import StartupPlan


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[StartupPlan]:
    """A platform of which only Redis is local."""
    found = directory.locate(tmp_path / "home")
    found.create()
    settings = load(_env_file=None, kafka_brokers="127.0.0.1:9", database_url="postgresql://127.0.0.1:9/none")
    with PortReservations() as reservations:
        yield StartupPlan(settings, found, tmp_path, local_servers.choose(found, None, reservations), reservations)
    purge(found)


@pytest.fixture
def group(plan: StartupPlan) -> Iterator[ProcessGroup]:
    """A process group that is shut down after the test."""
    made = ProcessGroup(ProcessRecords(plan.state_dir.records_file, plan.state_dir.home))
    yield made
    made.shut_down([("redis",)])


def test_a_server_moves_when_its_port_is_taken(plan: StartupPlan, group: ProcessGroup) -> None:
    """As happens when two platforms start at once; the connections name the new port."""
    steps: list[str] = []
    with socket.create_server(("127.0.0.1", plan.servers.redis.port)) as taker:
        startup.start_servers(plan, group, steps.append)
        assert plan.servers.redis.port != taker.getsockname()[1]
    assert steps == ["a port was taken meanwhile; moving to others"]
    with Redis.from_url(plan.connections["REDIS_URL"]) as client:
        assert client.ping()


def test_a_failure_unrelated_to_ports_is_raised_at_once(plan: StartupPlan, group: ProcessGroup) -> None:
    """The ports stay as they are."""
    appendonly = plan.state_dir.data_directory("redis") / "appendonlydir"
    appendonly.parent.mkdir()
    appendonly.touch()
    before = plan.servers
    with pytest.raises(UnavailableError, match="redis: exited while starting"):
        startup.start_servers(plan, group, print)
    assert plan.servers == before


def test_a_damaged_ports_file_is_replaced(plan: StartupPlan) -> None:
    """As a full disk leaves one: ports are chosen again, and kept."""
    plan.state_dir.ports_file.write_text("")
    with PortReservations() as reservations:
        chosen = local_servers.choose(plan.state_dir, None, reservations)
    with PortReservations() as reservations:
        assert local_servers.choose(plan.state_dir, None, reservations) == chosen
