"""What to send and when: a stream that depends on the scenario, the tenants and the seed alone."""

import itertools
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random

import msgspec
from msgspec import Struct

from event_platform.loadgen.traffic.events import Bodies, Event
from event_platform.loadgen.traffic.request_kinds import CONCURRENT_DUPLICATE, DUPLICATE, KINDS, NEW, REUSED_KEY, Kind
from event_platform.loadgen.traffic.scenario import Phase, Scenario
from event_platform.loadgen.traffic.schedule import Arrival, arrivals

_ANSWERED_AFTER_SECONDS = 1.0
"""A copy is sent of an event this old at least, so that the first one has been answered."""

_REMEMBERED = 1_000


class Request(Struct, frozen=True):
    """One HTTP request: a single event, or the events of a batch, of one tenant; it starts at ``at`` seconds."""

    at: float
    events: tuple[Event, ...]

    @property
    def tenant(self) -> str:
        """Whose events these are."""
        return self.events[0].tenant

    @property
    def body_bytes(self) -> int:
        """Size of all its events."""
        return sum(len(event.body) for event in self.events)


class _Originals:
    """Good events that copies are made of: some that are old enough, in bounded memory."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._young: deque[tuple[float, Event]] = deque()
        self._old: list[Event] = []
        self._replaced = itertools.cycle(range(_REMEMBERED))

    def add(self, at: float, event: Event) -> None:
        self._young.append((at, event))

    def pick(self, at: float) -> Event | None:
        """One of those that are old enough at ``at``; else the oldest, if there is one."""
        while self._young and self._young[0][0] <= at - _ANSWERED_AFTER_SECONDS:
            self._keep(self._young.popleft()[1])
        if self._old:
            return self._old[self._chance.randrange(len(self._old))]
        return self._young[0][1] if self._young else None

    def _keep(self, event: Event) -> None:
        if len(self._old) < _REMEMBERED:
            self._old.append(event)
        else:
            self._old[next(self._replaced)] = event


class Plan:
    """The requests of a run, in the order of their starts; iterate over it once."""

    def __init__(self, scenario: Scenario, tenants: Sequence[str], seed: int) -> None:
        self._scenario = scenario
        self._chance = Random(seed)  # noqa: S311 - repeatable traffic, no secret
        self._bodies = Bodies(scenario, seed, self._chance)
        self._originals = _Originals(self._chance)
        self._tenants = tenants
        self._tenant_limits = list(itertools.accumulate(_weights(scenario, len(tenants))))
        self._mixes = [_Mix(phase) for phase in scenario.phases]

    def __iter__(self) -> Iterator[Request]:
        gaps = Random(self._chance.random()) if self._scenario.arrivals == "poisson" else None  # noqa: S311 - the same
        for number, arrival in enumerate(arrivals(self._scenario.phases, gaps)):
            yield from self._requests(number, arrival)

    def _requests(self, number: int, arrival: Arrival) -> Iterator[Request]:
        kind = self._mixes[arrival.phase].pick(self._chance)
        event = self._event(number, arrival.at, kind)
        yield Request(arrival.at, (event,))
        if event.kind is CONCURRENT_DUPLICATE:
            yield Request(arrival.at, (event,))

    def _event(self, number: int, at: float, kind: Kind) -> Event:
        original = self._originals.pick(at) if kind in (DUPLICATE, REUSED_KEY) else None
        if original is None:
            return self._first(number, at, NEW if kind in (DUPLICATE, REUSED_KEY) else kind)
        body = original.body if kind is DUPLICATE else self._bodies.write(number, at, kind)
        return msgspec.structs.replace(original, kind=kind, body=body)

    def _first(self, number: int, at: float, kind: Kind) -> Event:
        tenant = self._tenants[_pick(self._tenant_limits, self._chance)]
        event = Event(tenant, self._bodies.key(number), kind, self._bodies.write(number, at, kind))
        if kind is NEW:
            self._originals.add(at, event)
        return event


class _Mix:
    """Draws kinds in a phase's shares."""

    def __init__(self, phase: Phase) -> None:
        self._kinds = [KINDS[name] for name in phase.mix]
        self._limits = list(itertools.accumulate(phase.mix.values()))

    def pick(self, chance: Random) -> Kind:
        place = bisect_right(self._limits, chance.random())
        return self._kinds[place] if place < len(self._kinds) else NEW


def _weights(scenario: Scenario, tenants: int) -> list[float]:
    given = scenario.tenant_weights
    return [given[min(number, len(given) - 1)] for number in range(tenants)]


def _pick(limits: list[float], chance: Random) -> int:
    return min(bisect_right(limits, chance.random() * limits[-1]), len(limits) - 1)
