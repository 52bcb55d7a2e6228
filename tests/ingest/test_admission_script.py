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
from event_platform.core.settings.declaration import Settings
from event_platform.ingest.script_calls import SCRIPT

TTL_MS, LEASE_MS = 1_800_000, 10_000
NEW, IN_PROGRESS, REUSED, DUPLICATE, TAKEN_OVER, LIMITED = range(1, 7)
MOMENT = "2026-01-31T12:00:00.000000Z"

Run = Callable[..., list[Any]]


def request_id(number: int) -> bytes:
    """A request id of 36 characters."""
    return b"%036d" % number


def claim(number: int, fingerprint: bytes = b"f" * 32, limit: int = 1_000_000, tenant: str = "t") -> tuple[Any, ...]:
    """A claim by request ``number``."""
    return ("T", tenant, limit, b"C" + request_id(number) + MOMENT.encode() + fingerprint)


@pytest.fixture
def client(settings: Settings) -> Iterator[Redis]:
    """An empty Redis database."""
    client = redis_of(settings)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def run(client: Redis) -> Run:
    """Run operations at a moment in milliseconds; each names its key first, or None."""
    script = client.register_script(SCRIPT)

    def call(now_ms: int, *operations: tuple[Any, ...]) -> list[Any]:
        keys = [key for key, *_ in operations if key is not None]
        arguments = [argument for _, *rest in operations for argument in rest]
        answers: list[Any] = script(keys, [TTL_MS, LEASE_MS, len(arguments) + 3, *arguments, now_ms])
        return answers

    return call


def test_life_of_a_key(run: Run) -> None:
    """New, in progress, confirmed, duplicate; another body is refused at every moment."""
    assert run(0, ("k", *claim(1))) == [NEW]
    assert run(1, ("k", *claim(2))) == [IN_PROGRESS]
    assert run(1, ("k", *claim(2, b"g" * 32))) == [REUSED]
    assert run(2, ("k", b"D" + request_id(1))) == []
    assert run(3, ("k", *claim(3))) == [[DUPLICATE, request_id(1)]]
    assert run(3, ("k", *claim(3, b"g" * 32))) == [REUSED]


def test_look(run: Run) -> None:
    """Whether a request would fit is told without a charge, with the time that a refusal tells."""
    look = (None, "T", "t", 2, b"L")
    assert run(0, look, look, look) == [0, 0, 0]
    assert run(1, ("k", *claim(1, limit=2)), look, ("l", *claim(2, limit=2)), look) == [NEW, 0, NEW, [LIMITED, 60_000]]
    assert run(2, look, ("m", *claim(3, limit=2))) == [[LIMITED, 59_999]] * 2
    assert run(60_000, look) == [[LIMITED, 1]]
    assert run(60_001, look) == [0]


def test_take_over(run: Run) -> None:
    """When the lease is over the next one publishes under the first id and moment."""
    run(0, ("k", *claim(1)))
    assert run(LEASE_MS - 1, ("k", *claim(2))) == [IN_PROGRESS]
    assert run(LEASE_MS, ("k", *claim(2))) == [[TAKEN_OVER, request_id(1), MOMENT.encode()]]
    assert run(LEASE_MS + 1, ("k", *claim(3))) == [IN_PROGRESS]


def test_release(run: Run) -> None:
    """A claim that was certainly not published is forgotten, by its owner only."""
    run(0, ("k", *claim(1)))
    run(1, ("k", b"R" + request_id(2)))
    assert run(1, ("k", *claim(3))) == [IN_PROGRESS]
    run(2, ("k", b"R" + request_id(1)))
    assert run(3, ("k", *claim(4))) == [NEW]


def test_unknown(run: Run) -> None:
    """A publication that may have happened ends the lease and keeps the id."""
    run(0, ("k", *claim(1)))
    run(1, ("k", b"U" + request_id(1) + request_id(1)))
    assert run(2, ("k", *claim(2))) == [[TAKEN_OVER, request_id(1), MOMENT.encode()]]


def test_refused_after_take_over(run: Run) -> None:
    """A refusal after a take-over keeps the id, because the slow owner's copy may still arrive."""
    run(0, ("k", *claim(1)))
    run(LEASE_MS, ("k", *claim(2)))
    run(LEASE_MS + 1, ("k", b"R" + request_id(2)))
    assert run(LEASE_MS + 2, ("k", *claim(3))) == [[TAKEN_OVER, request_id(1), MOMENT.encode()]]


def test_confirm_by_a_slow_owner(run: Run) -> None:
    """An acknowledgement of the id is proof, whoever holds the lease; one of another id is none."""
    run(0, ("k", *claim(1)))
    run(LEASE_MS, ("k", *claim(2)))
    run(LEASE_MS + 1, ("k", b"D" + request_id(2)))
    assert run(LEASE_MS + 1, ("k", *claim(3))) == [IN_PROGRESS]
    run(LEASE_MS + 1, ("k", b"D" + request_id(1)))
    assert run(LEASE_MS + 2, ("k", *claim(3))) == [[DUPLICATE, request_id(1)]]


def test_many_confirmations(run: Run) -> None:
    """Each of many confirmations in one call is judged by its own record, wherever it stands."""
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


def test_settling_after_confirmation(run: Run) -> None:
    """Nothing undoes a confirmation."""
    run(0, ("k", *claim(1)), ("k", b"D" + request_id(1)), ("k", b"R" + request_id(1)))
    run(1, ("k", b"U" + request_id(1) + request_id(1)))
    assert run(2, ("k", *claim(2))) == [[DUPLICATE, request_id(1)]]


def test_ttl(run: Run, client: Redis) -> None:
    """A key lives from its first claim on; confirming and taking over do not prolong it, but for the lease."""
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
    """The limit's last request fits and the next does not; another tenant's does, and its claim is the key's first."""
    assert run(0, *((f"k{n}", *claim(n, limit=3)) for n in range(3))) == [NEW] * 3
    (answer,) = run(0, ("k3", *claim(3, limit=3)))
    assert answer[0] == LIMITED
    assert run(0, ("k3", *claim(3, limit=3, tenant="u"))) == [NEW]
    assert run(120_000, ("k3", *claim(4, limit=3))) == [[TAKEN_OVER, request_id(3), MOMENT.encode()]]


def test_minute_keys(run: Run, client: Redis) -> None:
    """Counts stand under the tenant and the minute, in twelve slots of 5 s."""
    minute = 29_384
    run(minute * 60_000 + 7_000, *[(None, "T", "tenant_a", 300, "Q")] * 4)
    assert client.keys("rl:*") == [b"rl:{tenant_a}:%d" % minute]
    assert client.hgetall(f"rl:{{tenant_a}}:{minute}") == {b"1": b"4"}
    assert 0 < client.ttl(f"rl:{{tenant_a}}:{minute}") <= 180


def test_keys_of_another_type(run: Run, client: Redis) -> None:
    """What something else left under our names is dropped, and fails nobody's call."""
    client.set("rl:{t}:20", 5)
    client.rpush("k", "x")
    assert run(20 * 60_000, ("k", *claim(1)), ("l", *claim(2))) == [NEW, NEW]


def test_keys_that_may_not_be_read(run: Run, client: Redis, settings: Settings) -> None:
    """An error that says nothing of the key drops none: it is Redis that fails."""
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
    """A call that is about other data than those that are there does nothing, and is told which are."""
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
    """300 at second 59 leave nothing for second 0."""
    assert run(59_000, *[(None, "T", "t", 300, "Q")] * 300) == [0] * 300
    answers = run(60_000, *[(None, "T", "t", 300, "Q")] * 300)
    assert [answer[0] for answer in answers] == [LIMITED] * 300


def test_start_of_each_minute(run: Run) -> None:
    """300 at each minute's start are all admitted."""
    for minute in range(1, 6):
        assert run(minute * 60_000, *[(None, "T", "t", 300, "Q")] * 300) == [0] * 300


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 12)), min_size=2, max_size=30))
def test_any_60_seconds(run: Run, client: Redis, steps: list[tuple[int, int]]) -> None:
    """No window of 60 s holds more than the limit, and whoever waits for Retry-After is admitted."""
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
