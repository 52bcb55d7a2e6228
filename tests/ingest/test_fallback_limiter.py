"""P8 around outages: what a tenant gets in any 60 s, over all processes, whatever Redis forgets."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from event_platform.ingest.admission import CHARGED, LIMITED, Admission, Tenant
from event_platform.ingest.charges import Charges
from event_platform.ingest.fallback_limiter import FallbackLimiter
from event_platform.ingest.problems import Refusal
from event_platform.ingest.redis_connection import RedisAwayError
from event_platform.ingest.script_calls import DataLostError, Operation
from event_platform.ingest.tally import Table, Tally

WINDOW_MS = 60_000
LIMIT = 10
PROCESSES = 3
TENANT = Tenant("t", LIMIT)


class Redis:
    """What ``admission.lua`` decides, at the moments that it is told; its data can be lost."""

    def __init__(self) -> None:
        """Empty, and there."""
        self.now_ms = 7_000_000.0
        self.charged: list[float] = []
        self.epoch = 0
        self.is_away = False

    def charge(self) -> Any:  # noqa: ANN401 - as the script answers
        """One request's answer."""
        used = sum(moment > self.now_ms - WINDOW_MS for moment in self.charged)
        if used >= LIMIT:
            return [LIMITED, 1_000]
        self.charged.append(self.now_ms)
        return CHARGED


class Calls:
    """One process' way to it."""

    def __init__(self, redis: Redis) -> None:
        """Connected."""
        self.redis = redis
        self.epoch = 0
        self.limiter: FallbackLimiter | None = None
        self.is_cut = False
        self.loses_answers = False

    async def ask(self, operations: Sequence[Operation]) -> list[Any]:
        """As `ScriptCalls` does it."""
        assert self.limiter
        if self.redis.is_away or self.is_cut:
            raise RedisAwayError("not connected", sent=False)
        if self.epoch != self.redis.epoch:
            self.epoch = self.redis.epoch
            self.limiter.distrust()
            raise DataLostError
        answers = [self.redis.charge() for _ in operations]
        if self.loses_answers:
            raise RedisAwayError("no reply", sent=True)
        return answers


class Platform:
    """Processes of one ingest, a Redis, and what was accepted when."""

    def __init__(self) -> None:
        """All well."""
        self.redis = Redis()
        memory = Charges.memory(PROCESSES)
        self.calls = [Calls(self.redis) for _ in range(PROCESSES)]
        self.accepted: list[float] = []
        self.processes = []
        for worker, calls in enumerate(self.calls):
            charges = Charges(memory, worker, PROCESSES)
            calls.limiter = FallbackLimiter(lambda: self.redis.now_ms, charges)
            tally = Tally(Table.private().row(0))
            self.processes.append(Admission(calls, calls.limiter, "accept", tally))  # type: ignore[arg-type]  # ScriptCalls' questions only

    def send(self, worker: int, count: int) -> int:
        """A batch to one process; how many of it fit."""
        answers = asyncio.run(self.processes[worker].admit_all(TENANT, [None] * count))
        fitting = sum(not isinstance(each, Refusal) for each in answers)
        self.accepted += [self.redis.now_ms] * fitting
        return fitting

    def change(self, what: str, worker: int) -> None:
        """Something befalls Redis, or one process' connection."""
        if what == "away":
            self.redis.is_away = True
        elif what == "back":
            self.redis.is_away = self.calls[worker].is_cut = self.calls[worker].loses_answers = False
        elif what == "emptied":
            self.redis.charged, self.redis.epoch = [], self.redis.epoch + 1
        elif what == "cut":
            self.calls[worker].is_cut = True
        elif what == "loses answers":
            self.calls[worker].loses_answers = True
        elif what == "fails over":
            # To a replica that lacks what came last.
            del self.redis.charged[-4:]
            for calls in self.calls:
                assert calls.limiter
                calls.limiter.distrust()

    def busiest_window(self) -> int:
        """The most that was accepted in any 60 s."""
        return max((sum(s <= m < s + WINDOW_MS for m in self.accepted) for s in self.accepted), default=0)


PAUSE_MS = st.sampled_from([0, 0, 1, 500, 4_999, 5_000, 30_000, 59_999, 60_000, 65_000]) | st.integers(0, 20_000)
COUNT = st.integers(1, 12)
FAULT = st.sampled_from(["away", "emptied", "cut", "loses answers", "fails over", "back", "back", "back"])
STEP = st.tuples(PAUSE_MS, st.integers(0, PROCESSES - 1), st.one_of(COUNT, COUNT, COUNT, FAULT))


@given(steps=st.lists(STEP, min_size=5, max_size=60))
def test_never_more_than_the_limit(steps: list[tuple[int, int, int | str]]) -> None:
    """In any 60 s, over all processes; and after a minute of rest the whole limit fits again."""
    platform = Platform()
    for pause_ms, worker, what in steps:
        platform.redis.now_ms += pause_ms
        if isinstance(what, str):
            platform.change(what, worker)
        else:
            platform.send(worker, what)
    assert platform.busiest_window() <= LIMIT
    platform.redis.now_ms += 65_000
    assert platform.send(0, 2 * LIMIT) == LIMIT


def test_what_was_charged_through_redis_counts_without_it() -> None:
    """By this process and by another; what Redis refused does not count."""
    platform = Platform()
    assert platform.send(0, 4) == 4
    assert platform.send(1, 3) == 3
    platform.change("away", 0)
    assert [platform.send(worker, 10) for worker in (2, 0, 1)] == [3, 0, 0]
    platform.change("back", 0)
    assert [platform.send(worker, 10) for worker in (2, 0, 1)] == [0, 0, 0]


def test_what_redis_refused_does_not_count() -> None:
    """Because another ingest used the limit up."""
    platform = Platform()
    platform.redis.charged = [platform.redis.now_ms] * 8
    assert platform.send(0, 6) == 2
    platform.change("away", 0)
    assert platform.send(0, LIMIT) == LIMIT - 2


def test_a_redis_that_was_emptied_gives_no_second_limit() -> None:
    """Neither at once, nor at any moment of the minute after."""
    platform = Platform()
    platform.redis.now_ms += 4_999
    assert platform.send(0, LIMIT) == LIMIT
    platform.change("emptied", 0)
    for _ in range(60):
        assert platform.send(0, LIMIT) == 0
        platform.redis.now_ms += 1_000
    platform.redis.now_ms += 5_000
    assert platform.send(0, LIMIT) == LIMIT


def test_nothing_is_decided_here_while_redis_is_well() -> None:
    """The oldest slot counts whole here, but Redis knows better."""
    platform = Platform()
    assert platform.send(0, LIMIT) == LIMIT
    platform.redis.now_ms += WINDOW_MS
    assert platform.send(0, LIMIT) == LIMIT


def test_whoever_waits_as_told_is_admitted() -> None:
    """Without Redis, with what was charged through it; another tenant need not wait."""
    now = [7_000.0]
    limiter = FallbackLimiter(lambda: now[0])
    limiter.hold("t", 3, 2)
    now[0] += 20_000
    assert fits(limiter, "t")
    assert not fits(limiter, "t")
    assert fits(limiter, "u")
    now[0] += limiter.retry_ms("t") - 1
    assert not fits(limiter, "t")
    now[0] += 1
    assert [fits(limiter, "t") for _ in range(3)] == [True, True, False]


def fits(limiter: FallbackLimiter, tenant: str) -> bool:
    """Whether a request of a tenant with a limit of 3 is admitted without Redis."""
    limiter.distrust()
    return limiter.hold(tenant, 3, 1).count == 1


def test_processes_see_each_other_in_a_file(tmp_path: Path) -> None:
    """And what one wrote outlives it."""
    first, second = (Charges.shared(tmp_path / "charges", worker, 2) for worker in (0, 1))
    first.add("t", 100, 3)
    second.add("u", 100, 1)
    second.add("t", 101, 2)
    assert first.by_slot("t", 101) == second.by_slot("t", 101) == {100: 3, 101: 2}
    again = Charges.shared(tmp_path / "charges", 0, 2)
    again.add("t", 101, 1)
    assert second.by_slot("t", 113) == {101: 3}
    again.distrust(105)
    assert [second.is_trusted(slot) for slot in (105, 106)] == [False, True]


def test_more_tenants_than_entries() -> None:
    """Memory stays bounded: those beyond it count together, and none counts less than it was charged."""
    memory = Charges.memory(1, tenants=3)
    charges = Charges(memory, 0, 1)
    for number in range(6):
        charges.add(f"t{number}", 100, 1)
    assert [charges.by_slot(f"t{number}", 100) for number in range(6)] == [{100: 1}] * 2 + [{100: 4}] * 4
