"""The small parts: request ids, the limiter without Redis, shared counters, JSON parts, addresses."""

import uuid
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.metrics import ingest as metrics
from event_platform.ingest import problems
from event_platform.ingest.json_parts import elements, members
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.request_ids import Tickets
from event_platform.ingest.tally import Table, Tally, TallyCollector


def test_tickets() -> None:
    """Ids are UUIDv7 of the moment that goes with them, and never repeat."""
    tickets = Tickets(now=lambda: 1_700_000_000.123456)
    drawn = [tickets.draw() for _ in range(1_000)]
    first = uuid.UUID(drawn[0].id)
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first.int >> 80 == 1_700_000_000_123
    assert drawn[0].received_at == "2023-11-14T22:13:20.123456Z"
    assert len({ticket.id for ticket in drawn}) == 1_000


def test_counters_of_all_processes(tmp_path: Path) -> None:
    """A scrape tells the sum over all processes; a process that is started again takes nothing back."""
    table = Table(tmp_path / "rows", 2)
    for worker in (0, 1):
        tally = Tally(Table(tmp_path / "rows", 2).row(worker))
        tally.began()
        tally.ended("ACCEPTED", 0.003)
    Tally(Table(tmp_path / "rows", 2).row(1)).began()
    found = {
        sample.name + str(sample.labels): sample.value
        for one in TallyCollector(table).collect()
        for sample in one.samples
    }
    assert found["ingest_requests_total{'outcome': 'ACCEPTED'}"] == 2
    assert found["ingest_in_flight{}"] == 1
    assert found["ingest_request_seconds_bucket{'le': '0.005'}"] == 2
    assert found["ingest_request_seconds_count{}"] == 2


def test_every_outcome_is_declared() -> None:
    """Each refusal has its counter."""
    codes = {problem.code for problem in problems.ALL} - {"NOT_FOUND", "METHOD_NOT_ALLOWED"}
    assert codes < set(metrics.OUTCOMES)


def test_json_parts() -> None:
    """Parts are the bytes as they stand, whichever parser finds them."""
    for odd in (b"1", b'"\\ud800"'):
        assert members(b'{"a": [1 , {"b":"},{"}] ,"c":%b}' % odd) == {"a": b'[1 , {"b":"},{"}]', "c": odd}
        assert elements(b' [ %b , {"x" : [1,2]} ]' % odd) == [odd, b'{"x" : [1,2]}']
    for wrong in (b"[]", b'"\\ud800"'):
        with pytest.raises(TypeError):
            members(wrong)


def test_redis_address() -> None:
    """A URL's parts; what is wrong is said without the password."""
    address = RedisAddress.parse("rediss://user:p%40ss@host:1/2")
    assert (address.host, address.port, address.database) == ("host", 1, 2)
    assert address.introduction() == [("AUTH", "user", "p@ss"), ("SELECT", 2)]
    assert address.tls is not None
    with pytest.raises(ConfigurationError) as raised:
        RedisAddress.parse("redis://:secret@host:port")
    assert "secret" not in str(raised.value)
