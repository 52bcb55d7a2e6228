"""Same seed, same events and keys; the mix has the shares asked for; copies are true copies."""

import itertools
import json
from collections import Counter

import msgspec
import pytest
from tests.loadgen.conftest import steady

from event_platform.core import strict_json
from event_platform.loadgen.traffic import scenario
from event_platform.loadgen.traffic.batching import batched
from event_platform.loadgen.traffic.plan import Plan, Request
from event_platform.loadgen.traffic.request_kinds import KINDS
from event_platform.loadgen.traffic.scenario import Scenario

TENANTS = ("tenant_a", "tenant_b")


def plan(what: Scenario, seed: int = 7) -> list[Request]:
    """All requests."""
    return list(Plan(what, TENANTS, seed))


@pytest.mark.parametrize("name", ["baseline", "spike", "duplicates", "poison", "hot-tenant"])
def test_the_seed_decides_everything(name: str) -> None:
    """Two runs of a seed send the same bytes at the same times; another seed shares no key with them."""
    loaded = scenario.load(name)
    assert plan(loaded) == plan(loaded)
    keys, others = ({request.events[0].key for request in plan(loaded, seed)} for seed in (7, 8))
    assert not keys & others


def test_workers_share_one_plan() -> None:
    """Every request belongs to exactly one of the workers."""
    whole = plan(scenario.load("duplicates"))
    shares = [list(itertools.islice(Plan(scenario.load("duplicates"), TENANTS, 7), n, None, 3)) for n in range(3)]
    assert sorted(itertools.chain(*shares), key=repr) == sorted(whole, key=repr)


def test_shares_are_as_asked() -> None:
    """A tenth duplicates and a twentieth broken, within what chance allows."""
    kinds = Counter(request.events[0].kind.name for request in plan(steady(1_000, 20, duplicate=0.1, bad_time=0.05)))
    assert kinds["duplicate"] == pytest.approx(2_000, rel=0.1)
    assert kinds["bad_time"] == pytest.approx(1_000, rel=0.1)
    assert kinds.total() == 20_000


def test_a_duplicate_repeats_key_and_body_of_an_older_event() -> None:
    """At least a second old once the run is that old, so that the first one has been answered."""
    first: dict[str, tuple[float, bytes]] = {}
    repeated = 0
    for request in plan(steady(100, 20, duplicate=0.3)):
        (event,) = request.events
        if event.kind.name == "duplicate":
            at, body = first[event.key]
            assert event.body == body
            assert request.at - at >= 1 or request.at < 1.1
            repeated += 1
        else:
            first[event.key] = (request.at, event.body)
    assert repeated > 400


def test_a_concurrent_duplicate_starts_with_its_first() -> None:
    """Two requests of the same event at the same time."""
    pairs = Counter((request.at, request.events[0].key) for request in plan(steady(50, 10, concurrent_duplicate=0.2)))
    assert sum(count == 2 for count in pairs.values()) == pytest.approx(100, rel=0.4)
    assert set(pairs.values()) == {1, 2}


def test_a_reused_key_has_another_body() -> None:
    """The key is an earlier one's, the body is not."""
    requests = plan(steady(100, 10, reused_key=0.2))
    bodies = {r.events[0].key: r.events[0].body for r in requests if r.events[0].kind.name == "new"}
    reused = [r.events[0] for r in requests if r.events[0].kind.name == "reused_key"]
    assert reused
    assert all(bodies[event.key] != event.body for event in reused)


def test_weights_divide_the_traffic() -> None:
    """The hot tenant sends forty times as much."""
    tenants = Counter(request.tenant for request in plan(scenario.load("hot-tenant")))
    assert tenants["tenant_a"] / tenants.total() == pytest.approx(40 / 41, abs=0.02)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_is_broken_as_it_says(kind: msgspec.Struct) -> None:
    """Only what is to be refused for its form breaks strict JSON or is no object; sizes stay apart by far."""
    name = kind.name  # type: ignore[attr-defined]  # every kind has one
    share = {} if name == "new" else {name: 1.0}
    body = plan(steady(10, 1, **share))[-1].events[0].body
    if name == "broken_json":
        with pytest.raises(strict_json.InvalidJsonError):
            strict_json.parse(body)
        return
    event = strict_json.parse(body)
    assert isinstance(event, dict) == (name != "not_object")
    assert (len(body) > 262_144) == (name == "oversize")


@pytest.mark.parametrize("seed", range(5))
def test_the_baseline_stays_within_the_default_quota(seed: int) -> None:
    """No tenant sends more than 300 in any 65 s, the longest that a quota of a minute may look back; the spike does."""
    most = {
        name: Counter(request.tenant for request in plan(scenario.load(name), seed)) for name in ("baseline", "spike")
    }
    assert scenario.load("baseline").seconds <= 65
    assert max(most["baseline"].values()) < 300
    assert min(most["spike"].values()) > 300


def test_a_good_event_has_all_that_the_contract_asks_for() -> None:
    """The brief's five fields, occurred at the seed's time at the earliest."""
    event = json.loads(plan(steady(10, 1), seed=1_767_384_000_000_000)[0].events[0].body)
    assert event.keys() == {"event_id", "event_type", "schema_version", "occurred_at", "payload"}
    assert event["occurred_at"] == "2026-01-02T20:00:00.000000Z"
    assert event["schema_version"] == 1


def test_batches_hold_one_tenant_and_lose_nothing() -> None:
    """Every event is in exactly one batch, and what would spoil a batch goes alone."""
    what = steady(200, 10, broken_json=0.1, bad_time=0.1)
    singles = [event for request in plan(what) for event in request.events]
    batches = list(batched(Plan(what, TENANTS, 7), 30))
    assert Counter(event.key for batch in batches for event in batch.events) == Counter(e.key for e in singles)
    assert all(len({event.tenant for event in batch.events}) == 1 for batch in batches)
    assert max(len(batch.events) for batch in batches) == 30
    assert all(len(b.events) == 1 for b in batches if any(e.kind.name == "broken_json" for e in b.events))
    assert [batch.at for batch in batches[:-2]] == sorted(batch.at for batch in batches[:-2])
