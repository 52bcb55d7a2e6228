"""The requests of a run, in the order of their starts."""

import itertools
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from event_platform.loadgen.traffic.bodies import BodyBuilder
from event_platform.loadgen.traffic.events import Event, Request
from event_platform.loadgen.traffic.request_kinds import (
    CONCURRENT_DUPLICATE,
    DUPLICATE,
    NEW,
    REQUEST_KINDS,
    REUSED_KEY,
    RequestKind,
)
from event_platform.loadgen.traffic.scenario import Phase, Scenario
from event_platform.loadgen.traffic.schedule import Arrival, arrivals

_MIN_AGE_SECONDS: Final = 1.0
"""Age of an event before it is duplicated, so that its first request has been answered."""

_MAX_ORIGINALS: Final = 1_000


class Plan:
    """Generates the requests of a run; the same scenario, tenants and seed give the same requests. Iterate once."""

    def __init__(self, scenario: Scenario, tenants: Sequence[str], seed: int) -> None:
        self._scenario = scenario
        self._rng = Random(seed)  # noqa: S311 - repeatable traffic, not a secret
        self._bodies = BodyBuilder(scenario, seed, self._rng)
        self._originals = _Originals(self._rng)
        self._tenants = tenants
        self._tenant_limits = list(itertools.accumulate(_tenant_weights(scenario, len(tenants))))
        self._pickers = [_KindPicker(phase) for phase in scenario.phases]

    def __iter__(self) -> Iterator[Request]:
        is_poisson = self._scenario.arrivals == "poisson"
        gaps = Random(self._rng.random()) if is_poisson else None  # noqa: S311 - repeatable traffic, not a secret
        for number, arrival in enumerate(arrivals(self._scenario.phases, gaps)):
            yield from self._requests(number, arrival)

    def _requests(self, number: int, arrival: Arrival) -> Iterator[Request]:
        kind = self._pickers[arrival.phase].pick(self._rng)
        event = self._event(number, arrival.start_seconds, kind)
        yield Request(arrival.start_seconds, (event,))
        if event.kind is CONCURRENT_DUPLICATE:
            yield Request(arrival.start_seconds, (event,))

    def _event(self, number: int, start_seconds: float, kind: RequestKind) -> Event:
        needs_original = kind is DUPLICATE or kind is REUSED_KEY
        original = self._originals.pick(start_seconds) if needs_original else None
        if original is None:
            return self._first(number, start_seconds, NEW if needs_original else kind)
        body = original.body if kind is DUPLICATE else self._bodies.build(number, start_seconds, kind)
        return msgspec.structs.replace(original, kind=kind, body=body)

    def _first(self, number: int, start_seconds: float, kind: RequestKind) -> Event:
        tenant = self._tenants[_pick_index(self._tenant_limits, self._rng)]
        body = self._bodies.build(number, start_seconds, kind)
        event = Event(tenant, self._bodies.idempotency_key(number), kind, body)
        if kind is NEW:
            self._originals.add(start_seconds, event)
        return event


class _Originals:
    """Events to make duplicates of: recent ones wait until they are old enough, and a bounded number is kept."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._recent: deque[tuple[float, Event]] = deque()
        self._eligible: list[Event] = []
        self._next_replaced = itertools.cycle(range(_MAX_ORIGINALS))

    def add(self, start_seconds: float, event: Event) -> None:
        self._recent.append((start_seconds, event))

    def pick(self, start_seconds: float) -> Event | None:
        """Return a random event that is old enough at ``start_seconds``, else the oldest, else None."""
        while self._recent and self._recent[0][0] <= start_seconds - _MIN_AGE_SECONDS:
            self._promote(self._recent.popleft()[1])
        if self._eligible:
            return self._eligible[self._rng.randrange(len(self._eligible))]
        return self._recent[0][1] if self._recent else None

    def _promote(self, event: Event) -> None:
        if len(self._eligible) < _MAX_ORIGINALS:
            self._eligible.append(event)
        else:
            self._eligible[next(self._next_replaced)] = event


class _KindPicker:
    """Picks kinds of requests at random, in the shares of a phase's mix."""

    def __init__(self, phase: Phase) -> None:
        self._kinds = [REQUEST_KINDS[name] for name in phase.mix]
        self._limits = list(itertools.accumulate(phase.mix.values()))

    def pick(self, rng: Random) -> RequestKind:
        index = bisect_right(self._limits, rng.random())
        return self._kinds[index] if index < len(self._kinds) else NEW


def _tenant_weights(scenario: Scenario, tenants: int) -> list[float]:
    given = scenario.tenant_weights
    return [given[min(index, len(given) - 1)] for index in range(tenants)]


def _pick_index(limits: list[float], rng: Random) -> int:
    return min(bisect_right(limits, rng.random() * limits[-1]), len(limits) - 1)
