"""Servers get ports even where others take them at the last moment."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from event_platform.core.errors import UnavailableError
from event_platform.core.settings.loading import load
from event_platform.local.cli.purge import purge
from event_platform.local.process.records import Records
from event_platform.local.servers import local_servers
from event_platform.local.servers.ports import Reservations
from event_platform.local.state_dir import directory
from event_platform.local.supervisor import startup
from event_platform.local.supervisor.process_group import Fleet
from event_platform.local.supervisor.startup import Plan


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Plan]:
    """A platform of which only Redis is ours."""
    found = directory.find(tmp_path / "home")
    found.create()
    settings = load(_env_file=None, kafka_brokers="127.0.0.1:9", database_url="postgresql://127.0.0.1:9/none")
    with Reservations() as reservations:
        yield Plan(settings, found, tmp_path, local_servers.choose(found, None, reservations), reservations)
    purge(found)


@pytest.fixture
def fleet(plan: Plan) -> Iterator[Fleet]:
    """Ended after the test."""
    made = Fleet(Records(plan.place.records, plan.place.home))
    yield made
    made.end([("redis",)])


def test_a_port_taken_after_it_was_chosen_is_left_to_its_taker(plan: Plan, fleet: Fleet) -> None:
    """As happens when two platforms start at once: the server moves, and the connections name its new port."""
    said: list[str] = []
    with socket.create_server(("127.0.0.1", plan.servers.redis.port)) as taker:
        startup.launch_servers(plan, fleet, said.append)
        assert plan.servers.redis.port != taker.getsockname()[1]
    assert said == ["a port was taken meanwhile; moving to others"]
    with Redis.from_url(plan.connections["REDIS_URL"]) as client:
        assert client.ping()


def test_another_failure_is_told_at_once(plan: Plan, fleet: Fleet) -> None:
    """It has nothing to do with ports, so nothing moves."""
    appendonly = plan.place.folder_of("redis") / "appendonlydir"
    appendonly.parent.mkdir()
    appendonly.touch()
    before = plan.servers
    with pytest.raises(UnavailableError, match="redis: ended while starting"):
        startup.launch_servers(plan, fleet, print)
    assert plan.servers == before


def test_a_damaged_file_of_ports_is_no_reason_not_to_start(plan: Plan) -> None:
    """As a full disk leaves one: ports are chosen anew, and kept."""
    plan.place.ports.write_text("")
    with Reservations() as reservations:
        chosen = local_servers.choose(plan.place, None, reservations)
    with Reservations() as reservations:
        assert local_servers.choose(plan.place, None, reservations) == chosen
