"""admission.lua against a real Redis, with the time as its last argument."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ResponseError
from tests.fixtures.ingest_client import redis_of

from event_platform.core.connections import redis
from event_platform.core.settings.model import Settings
from event_platform.ingest.admission_script import SCRIPT

TTL_MS, LEASE_MS = 1_800_000, 10_000
NEW, IN_PROGRESS, REUSED, DUPLICATE, TAKEN_OVER, LIMITED = range(1, 7)
RECEIVED_AT = "2026-01-31T12:00:00.000000Z"

Run = Callable[..., list[Any]]


def request_id(number: int) -> bytes:
    """Return a request id of 36 characters."""
    return b"%036d" % number


def claim(number: int, fingerprint: bytes = b"f" * 32, limit: int = 1_000_000, tenant: str = "t") -> tuple[Any, ...]:
    """Return the arguments of a claim by request ``number``."""
    return ("T", tenant, limit, b"C" + request_id(number) + RECEIVED_AT.encode() + fingerprint)


@pytest.fixture
def client(settings: Settings) -> Iterator[Redis]:
    """A client of an empty Redis database."""
    client = redis_of(settings)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def run(client: Redis) -> Run:
    """Run operations at a time in milliseconds; each begins with its key, or None."""
    script = client.register_script(SCRIPT)

    def call(now_ms: int, *operations: tuple[Any, ...]) -> list[Any]:
        keys = [key for key, *_ in operations if key is not None]
        arguments = [argument for _, *rest in operations for argument in rest]
        answers: list[Any] = script(keys, [TTL_MS, LEASE_MS, len(arguments) + 3, *arguments, now_ms])
        return answers

    return call


def test_life_of_a_key(run: Run) -> None:
    """A key is new, in progress, confirmed, duplicate; another body is rejected in every state."""
    assert run(0, ("k", *claim(1))) == [NEW]
    assert run(1, ("k", *claim(2))) == [IN_PROGRESS]
    assert run(1, ("k", *claim(2, b"g" * 32))) == [REUSED]
    assert run(2, ("k", b"D" + request_id(1))) == []
    assert run(3, ("k", *claim(3))) == [[DUPLICATE, request_id(1)]]
    assert run(3, ("k", *claim(3, b"g" * 32))) == [REUSED]


def test_look(run: Run) -> None:
    """A look answers whether a request would fit, with the same retry time, and charges nothing."""
    look = (None, "T", "t", 2, b"L")
    assert run(0, look, look, look) == [0, 0, 0]
    assert run(1, ("k", *claim(1, limit=2)), look, ("l", *claim(2, limit=2)), look) == [NEW, 0, NEW, [LIMITED, 60_000]]
    assert run(2, look, ("m", *claim(3, limit=2))) == [[LIMITED, 59_999]] * 2
    assert run(60_000, look) == [[LIMITED, 1]]
    assert run(60_001, look) == [0]


def test_take_over(run: Run) -> None:
    """After the lease the next request publishes under the first id and arrival time."""
    run(0, ("k", *claim(1)))
    assert run(LEASE_MS - 1, ("k", *claim(2))) == [IN_PROGRESS]
    assert run(LEASE_MS, ("k", *claim(2))) == [[TAKEN_OVER, request_id(1), RECEIVED_AT.encode()]]
    assert run(LEASE_MS + 1, ("k", *claim(3))) == [IN_PROGRESS]


def test_release(run: Run) -> None:
    """Only its owner can release a claim, whose key is then free."""
    run(0, ("k", *claim(1)))
    run(1, ("k", b"R" + request_id(2)))
    assert run(1, ("k", *claim(3))) == [IN_PROGRESS]
    run(2, ("k", b"R" + request_id(1)))
    assert run(3, ("k", *claim(4))) == [NEW]


def test_unknown(run: Run) -> None:
    """An unknown outcome ends the lease and keeps the id."""
    run(0, ("k", *claim(1)))
    run(1, ("k", b"U" + request_id(1) + request_id(1)))
    assert run(2, ("k", *claim(2))) == [[TAKEN_OVER, request_id(1), RECEIVED_AT.encode()]]


def test_release_after_take_over(run: Run) -> None:
    """A release after a take-over keeps the id, because the slow owner's copy may still arrive."""
    run(0, ("k", *claim(1)))
    run(LEASE_MS, ("k", *claim(2)))
    run(LEASE_MS + 1, ("k", b"R" + request_id(2)))
    assert run(LEASE_MS + 2, ("k", *claim(3))) == [[TAKEN_OVER, request_id(1), RECEIVED_AT.encode()]]


def test_confirm_by_a_slow_owner(run: Run) -> None:
    """An acknowledgement of the record's id confirms it, whoever holds the lease; one of another id does not."""
    run(0, ("k", *claim(1)))
    run(LEASE_MS, ("k", *claim(2)))
    run(LEASE_MS + 1, ("k", b"D" + request_id(2)))
    assert run(LEASE_MS + 1, ("k", *claim(3))) == [IN_PROGRESS]
    run(LEASE_MS + 1, ("k", b"D" + request_id(1)))
    assert run(LEASE_MS + 2, ("k", *claim(3))) == [[DUPLICATE, request_id(1)]]


def test_many_confirmations(run: Run) -> None:
    """Each of many confirmations in one call is checked against its own record."""
    count, wrong, gone = 9_000, 1_300, 1_700
    run(0, *((f"k{n}", *claim(n)) for n in range(count) if n != gone))
    ids = [request_id(n if n != wrong else 0) for n in range(count)]
    last = claim(count)
    answers = run(1, *((f"k{n}", b"D" + ids[n]) for n in range(count)), ("new", *last))
    assert answers == [NEW]
    again = run(2, *((f"k{n}", *claim(count + n)) for n in range(count)))
    assert again[wrong] == IN_PROGRESS
    assert again[gone] == NEW
    del again[gone], again[wrong]
    assert [answer[0] for answer in again] == [DUPLICATE] * (count - 2)


def test_update_after_confirmation(run: Run) -> None:
    """Nothing undoes a confirmation."""
    run(0, ("k", *claim(1)), ("k", b"D" + request_id(1)), ("k", b"R" + request_id(1)))
    run(1, ("k", b"U" + request_id(1) + request_id(1)))
    assert run(2, ("k", *claim(2))) == [[DUPLICATE, request_id(1)]]


def test_ttl(run: Run, client: Redis) -> None:
    """The TTL counts from the first claim; confirming does not extend it, a take-over only to the end of its lease."""
    run(0, ("k", *claim(1)))
    client.pexpire("k", 60_000)
    run(LEASE_MS, ("k", *claim(2)))
    run(LEASE_MS, ("k", b"D" + request_id(1)))
    assert 0 < client.pttl("k") <= 60_000
    run(0, ("l", *claim(3)))
    client.pexpire("l", 1_000)
    run(LEASE_MS, ("l", *claim(4)))
    assert client.pttl("l") > 1_000


def test_limit(run: Run) -> None:
    """The last request within the limit fits and the next does not; that one claims nothing, and other tenants fit."""
    assert run(0, *((f"k{n}", *claim(n, limit=3)) for n in range(3))) == [NEW] * 3
    (answer,) = run(0, ("k3", *claim(3, limit=3)))
    assert answer[0] == LIMITED
    assert run(0, ("k3", *claim(3, limit=3, tenant="u"))) == [NEW]
    assert run(120_000, ("k3", *claim(4, limit=3))) == [[TAKEN_OVER, request_id(3), RECEIVED_AT.encode()]]


def test_minute_keys(run: Run, client: Redis) -> None:
    """Counts are kept by tenant and minute, in twelve slots of 5 s."""
    minute = 29_384
    run(minute * 60_000 + 7_000, *[(None, "T", "tenant_a", 300, "Q")] * 4)
    assert client.keys("rl:*") == [b"rl:{tenant_a}:%d" % minute]
    assert client.hgetall(f"rl:{{tenant_a}}:{minute}") == {b"1": b"4"}
    assert 0 < client.ttl(f"rl:{{tenant_a}}:{minute}") <= 180


def test_keys_of_another_type(run: Run, client: Redis) -> None:
    """A key of another type is deleted, and fails no call."""
    client.set("rl:{t}:20", 5)
    client.rpush("k", "x")
    assert run(20 * 60_000, ("k", *claim(1)), ("l", *claim(2))) == [NEW, NEW]


def test_unreadable_key_is_kept(run: Run, client: Redis, settings: Settings) -> None:
    """Another error deletes no key, and fails the call."""
    run(0, ("k", *claim(1)))
    client.acl_setuser("blind", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-get"])
    url = redis.url(settings).replace("//:", "//blind:")
    try:
        with Redis.from_url(url) as blind, pytest.raises(ResponseError, match="get"):
            blind.eval(SCRIPT, 1, "k", TTL_MS, LEASE_MS, 7, *claim(2), 1)
    finally:
        client.acl_deluser("blind")
    assert run(1, ("k", *claim(2))) == [IN_PROGRESS]


def test_epoch_of_the_data(run: Run, client: Redis) -> None:
    """A call for another epoch of the data does nothing, and its error names the present epoch."""
    with pytest.raises(ResponseError, match="DATALOST") as raised:
        run(0, (None, "E"), ("k", *claim(1)))
    epoch = str(raised.value).split()[-1]
    assert client.keys("idem*") == client.keys("rl*") == client.keys("k") == []
    assert run(0, (None, f"E{epoch}"), ("k", *claim(1))) == [NEW]
    client.flushdb()
    with pytest.raises(ResponseError, match="DATALOST") as raised:
        run(0, (None, f"E{epoch}"), ("k", *claim(1)))
    assert str(raised.value).split()[-1] != epoch


def test_edge_of_a_minute(run: Run) -> None:
    """300 requests at second 59 leave no quota for second 0."""
    assert run(59_000, *[(None, "T", "t", 300, "Q")] * 300) == [0] * 300
    answers = run(60_000, *[(None, "T", "t", 300, "Q")] * 300)
    assert [answer[0] for answer in answers] == [LIMITED] * 300


def test_start_of_each_minute(run: Run) -> None:
    """300 requests at the start of each minute are all admitted."""
    for minute in range(1, 6):
        assert run(minute * 60_000, *[(None, "T", "t", 300, "Q")] * 300) == [0] * 300


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 12)), min_size=2, max_size=30))
def test_any_60_seconds(run: Run, client: Redis, steps: list[tuple[int, int]]) -> None:
    """No window of 60 s holds more than the limit, and a request after Retry-After is admitted."""
    client.flushdb()
    limit, now, admitted = 10, 1_000_000, []
    for pause, count in steps:
        now += pause
        answers = run(now, *[(None, "T", "t", limit, "Q")] * count)
        admitted += [now] * answers.count(0)
        refused = [answer for answer in answers if answer != 0]
        if refused:
            now += refused[-1][1]
            assert run(now, (None, "T", "t", limit, "Q")) == [0]
            admitted.append(now)
    for start in admitted:
        assert sum(start <= moment < start + 60_000 for moment in admitted) <= limit
