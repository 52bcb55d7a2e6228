"""P8 during outages: the rate limit holds in any 60 s, over all processes, whatever Redis loses."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from event_platform.ingest.admission import Admission
from event_platform.ingest.admission_batcher import DataLostError
from event_platform.ingest.admission_script import CHARGED, LIMITED, Operation
from event_platform.ingest.claims import Tenant
from event_platform.ingest.fallback_limiter import FallbackLimiter
from event_platform.ingest.redis_connection import RedisUnavailableError
from event_platform.ingest.redis_outage import OutagePolicy
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.shared_counters import Counters, CounterTable
from event_platform.ingest.shared_rate_counts import SharedRateCounts

WINDOW_MS = 60_000
LIMIT = 10
PROCESSES = 3
TENANT = Tenant("t", LIMIT)


class Redis:
    """Decides like ``admission.lua``, on a clock of its own; it can lose its data."""

    def __init__(self) -> None:
        self.now_ms = 7_000_000.0
        self.charged: list[float] = []
        self.epoch = 0
        self.is_unavailable = False

    def charge(self) -> Any:  # noqa: ANN401 - as the script answers
        """Return the answer to one request."""
        used = sum(moment > self.now_ms - WINDOW_MS for moment in self.charged)
        if used >= LIMIT:
            return [LIMITED, 1_000]
        self.charged.append(self.now_ms)
        return CHARGED


class FakeBatcher:
    """One process's connection to the fake Redis."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.epoch = 0
        self.limiter: FallbackLimiter | None = None
        self.is_cut = False
        self.loses_answers = False

    async def submit(self, operations: Sequence[Operation]) -> list[Any]:
        """Answer or raise as `AdmissionBatcher` does."""
        assert self.limiter
        if self.redis.is_unavailable or self.is_cut:
            raise RedisUnavailableError("not connected", sent=False)
        if self.epoch != self.redis.epoch:
            self.epoch = self.redis.epoch
            self.limiter.mark_redis_stale()
            raise DataLostError
        answers = [self.redis.charge() for _ in operations]
        if self.loses_answers:
            raise RedisUnavailableError("no reply", sent=True)
        return answers


class FakePlatform:
    """The processes of one ingest, a fake Redis, and the times of accepted requests."""

    def __init__(self) -> None:
        self.redis = Redis()
        memory = SharedRateCounts.memory(PROCESSES)
        self.batchers = [FakeBatcher(self.redis) for _ in range(PROCESSES)]
        self.accepted: list[float] = []
        self.processes = []
        for worker, batcher in enumerate(self.batchers):
            rate_counts = SharedRateCounts(memory, worker, PROCESSES)
            batcher.limiter = FallbackLimiter(lambda: self.redis.now_ms, rate_counts)
            counters = Counters(CounterTable.private().row(0))
            outage = OutagePolicy(batcher.limiter, "accept", counters)
            self.processes.append(Admission(batcher, batcher.limiter, outage))  # type: ignore[arg-type]  # it implements what admission calls

    def send(self, worker: int, count: int) -> int:
        """Send a batch to one process; return how many of its items fit."""
        answers = asyncio.run(self.processes[worker].admit_all(TENANT, [None] * count))
        fitting = sum(not isinstance(each, Rejection) for each in answers)
        self.accepted += [self.redis.now_ms] * fitting
        return fitting

    def change(self, what: str, worker: int) -> None:
        """Make Redis or one process's connection fail or recover."""
        if what == "unavailable":
            self.redis.is_unavailable = True
        elif what == "recovered":
            self.redis.is_unavailable = self.batchers[worker].is_cut = self.batchers[worker].loses_answers = False
        elif what == "emptied":
            self.redis.charged, self.redis.epoch = [], self.redis.epoch + 1
        elif what == "cut":
            self.batchers[worker].is_cut = True
        elif what == "loses answers":
            self.batchers[worker].loses_answers = True
        elif what == "fails over":
            # To a replica that lacks the latest writes.
            del self.redis.charged[-4:]
            for batcher in self.batchers:
                assert batcher.limiter
                batcher.limiter.mark_redis_stale()

    def busiest_window(self) -> int:
        """Return the most requests that were accepted in any 60 s."""
        return max((sum(s <= m < s + WINDOW_MS for m in self.accepted) for s in self.accepted), default=0)


PAUSE_MS = st.sampled_from([0, 0, 1, 500, 4_999, 5_000, 30_000, 59_999, 60_000, 65_000]) | st.integers(0, 20_000)
COUNT = st.integers(1, 12)
FAULT = st.sampled_from(
    ["unavailable", "emptied", "cut", "loses answers", "fails over", "recovered", "recovered", "recovered"]
)
STEP = st.tuples(PAUSE_MS, st.integers(0, PROCESSES - 1), st.one_of(COUNT, COUNT, COUNT, FAULT))


@given(steps=st.lists(STEP, min_size=5, max_size=60))
def test_never_more_than_the_limit(steps: list[tuple[int, int, int | str]]) -> None:
    """No 60 s hold more than the limit over all processes; after a quiet minute the whole limit fits again."""
    platform = FakePlatform()
    for pause_ms, worker, what in steps:
        platform.redis.now_ms += pause_ms
        if isinstance(what, str):
            platform.change(what, worker)
        else:
            platform.send(worker, what)
    assert platform.busiest_window() <= LIMIT
    platform.redis.now_ms += 65_000
    assert platform.send(0, 2 * LIMIT) == LIMIT


def test_requests_charged_by_redis_count_during_an_outage() -> None:
    """Requests that any process charged through Redis count once it is unavailable."""
    platform = FakePlatform()
    assert platform.send(0, 4) == 4
    assert platform.send(1, 3) == 3
    platform.change("unavailable", 0)
    assert [platform.send(worker, 10) for worker in (2, 0, 1)] == [3, 0, 0]
    platform.change("recovered", 0)
    assert [platform.send(worker, 10) for worker in (2, 0, 1)] == [0, 0, 0]


def test_requests_that_redis_limited_do_not_count() -> None:
    """They do not count during an outage, even where another service used up the limit."""
    platform = FakePlatform()
    platform.redis.charged = [platform.redis.now_ms] * 8
    assert platform.send(0, 6) == 2
    platform.change("unavailable", 0)
    assert platform.send(0, LIMIT) == LIMIT - 2


def test_emptied_redis_gives_no_second_limit() -> None:
    """The limit holds at once and for the whole minute after Redis lost its data."""
    platform = FakePlatform()
    platform.redis.now_ms += 4_999
    assert platform.send(0, LIMIT) == LIMIT
    platform.change("emptied", 0)
    for _ in range(60):
        assert platform.send(0, LIMIT) == 0
        platform.redis.now_ms += 1_000
    platform.redis.now_ms += 5_000
    assert platform.send(0, LIMIT) == LIMIT


def test_redis_alone_decides_while_it_is_available() -> None:
    """The fallback counts its oldest slot in full, which limits nobody while Redis counts exactly."""
    platform = FakePlatform()
    assert platform.send(0, LIMIT) == LIMIT
    platform.redis.now_ms += WINDOW_MS
    assert platform.send(0, LIMIT) == LIMIT


def test_retry_after_without_redis() -> None:
    """A tenant is admitted after the reported time and not before; another tenant does not wait."""
    now = [7_000.0]
    limiter = FallbackLimiter(lambda: now[0])
    limiter.reserve("t", 3, 2)
    now[0] += 20_000
    assert fits(limiter, "t")
    assert not fits(limiter, "t")
    assert fits(limiter, "u")
    now[0] += limiter.retry_ms("t") - 1
    assert not fits(limiter, "t")
    now[0] += 1
    assert [fits(limiter, "t") for _ in range(3)] == [True, True, False]


def fits(limiter: FallbackLimiter, tenant: str) -> bool:
    """Tell whether a request of a tenant with a limit of 3 is admitted without Redis."""
    limiter.mark_redis_stale()
    return limiter.reserve(tenant, 3, 1).count == 1
