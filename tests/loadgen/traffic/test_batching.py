"""Batches hold one tenant's events each, and none is lost."""

from collections import Counter

from tests.loadgen.builders import TENANTS, requests_of, steady

from event_platform.loadgen.traffic.batching import batched
from event_platform.loadgen.traffic.plan import Plan


def test_batches_hold_one_tenant_and_lose_nothing() -> None:
    """Every event is in exactly one batch, and one that would fail its batch is sent alone."""
    scenario = steady(200, 10, broken_json=0.1, bad_time=0.1)
    singles = [event for request in requests_of(scenario) for event in request.events]
    batches = list(batched(Plan(scenario, TENANTS, 7), 30))
    assert Counter(event.key for batch in batches for event in batch.events) == Counter(e.key for e in singles)
    assert all(len({event.tenant for event in batch.events}) == 1 for batch in batches)
    assert max(len(batch.events) for batch in batches) == 30
    assert all(len(b.events) == 1 for b in batches if any(e.kind.name == "broken_json" for e in b.events))
    assert [batch.start_seconds for batch in batches[:-2]] == sorted(batch.start_seconds for batch in batches[:-2])
