"""Same seed, same requests; shares and weights are as asked; duplicates are true copies."""

import itertools
from collections import Counter

import pytest
from tests.loadgen.builders import TENANTS, requests_of, steady

from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.plan import Plan


@pytest.mark.parametrize("name", ["baseline", "spike", "duplicates", "poison", "hot-tenant"])
def test_the_seed_decides_everything(name: str) -> None:
    """Two runs with one seed send the same bytes at the same times; another seed shares no key with them."""
    loaded = scenario_files.load(name)
    assert requests_of(loaded) == requests_of(loaded)
    keys, others = ({request.events[0].key for request in requests_of(loaded, seed)} for seed in (7, 8))
    assert not keys & others


def test_workers_share_one_plan() -> None:
    """Every request belongs to exactly one of the workers."""
    whole = requests_of(scenario_files.load("duplicates"))
    shares = [list(itertools.islice(Plan(scenario_files.load("duplicates"), TENANTS, 7), n, None, 3)) for n in range(3)]
    assert sorted(itertools.chain(*shares), key=repr) == sorted(whole, key=repr)


def test_shares_are_as_asked() -> None:
    """A tenth is duplicates and a twentieth malformed, within the variance of random numbers."""
    kinds = Counter(
        request.events[0].kind.name for request in requests_of(steady(1_000, 20, duplicate=0.1, bad_time=0.05))
    )
    assert kinds["duplicate"] == pytest.approx(2_000, rel=0.1)
    assert kinds["bad_time"] == pytest.approx(1_000, rel=0.1)
    assert kinds.total() == 20_000


def test_a_duplicate_repeats_key_and_body_of_an_older_event() -> None:
    """The original is at least a second old once the run is, so that its request has been answered."""
    first: dict[str, tuple[float, bytes]] = {}
    repeated = 0
    for request in requests_of(steady(100, 20, duplicate=0.3)):
        (event,) = request.events
        if event.kind.name == "duplicate":
            at, body = first[event.key]
            assert event.body == body
            assert request.start_seconds - at >= 1 or request.start_seconds < 1.1
            repeated += 1
        else:
            first[event.key] = (request.start_seconds, event.body)
    assert repeated > 400


def test_a_concurrent_duplicate_starts_with_its_original() -> None:
    """Both requests of the event start at the same time."""
    pairs = Counter(
        (request.start_seconds, request.events[0].key)
        for request in requests_of(steady(50, 10, concurrent_duplicate=0.2))
    )
    assert sum(count == 2 for count in pairs.values()) == pytest.approx(100, rel=0.4)
    assert set(pairs.values()) == {1, 2}


def test_a_reused_key_has_another_body() -> None:
    """The key belongs to an earlier event, the body does not."""
    requests = requests_of(steady(100, 10, reused_key=0.2))
    bodies = {r.events[0].key: r.events[0].body for r in requests if r.events[0].kind.name == "new"}
    reused = [r.events[0] for r in requests if r.events[0].kind.name == "reused_key"]
    assert reused
    assert all(bodies[event.key] != event.body for event in reused)


def test_weights_divide_the_traffic() -> None:
    """The hot tenant sends forty times as much as the other."""
    tenants = Counter(request.tenant for request in requests_of(scenario_files.load("hot-tenant")))
    assert tenants["tenant_a"] / tenants.total() == pytest.approx(40 / 41, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_the_baseline_stays_within_the_default_quota(seed: int) -> None:
    """No tenant sends more than 300 events in 65 s, the longest window of a quota per minute; the spike does."""
    most = {
        name: Counter(request.tenant for request in requests_of(scenario_files.load(name), seed))
        for name in ("baseline", "spike")
    }
    assert scenario_files.load("baseline").seconds <= 65
    assert max(most["baseline"].values()) < 300
    assert min(most["spike"].values()) > 300
