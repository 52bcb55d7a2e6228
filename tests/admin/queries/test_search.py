"""Events and dead letters are found by each of their ids, exactly as they are stored."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable, uuid7

from event_platform.admin.responses.search import Found

NOW = datetime.now(UTC)


def _search(api: httpx.Client, path: str = "search", **parameters: str) -> dict[str, Any]:
    answer = api.get(f"/admin/event/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    Found.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("store")
def test_finding_nothing_is_no_error(api: httpx.Client) -> None:
    """Status 200 with both lists empty."""
    nothing = {"events": [], "dead_letters": [], "truncated": False}
    assert _search(api, tenant="tenant_a", eventId="nope") == nothing
    assert _search(api, requestId="req_nope") == nothing
    assert _search(api, "by-idempotency", tenant="tenant_a", idempotencyKey="nope") == nothing


def test_an_event_has_every_field(api: httpx.Client, store: Storable) -> None:
    """Every column, times in UTC with Z, and the request id that ingest returned."""
    at = datetime(2026, 11, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    row_id = store.event(at, event_id="e1", idempotency_key="k 1", occurred_at=at.replace(year=110))
    (found,) = _search(api, tenant="tenant_a", eventId="e1")["events"]
    assert found == {
        "id": str(row_id),
        "request_id": f"req_{row_id}",
        "tenant_id": "tenant_a",
        "event_id": "e1",
        "idempotency_key": "k 1",
        "event_type": "login",
        "schema_version": 1,
        "occurred_at": "0110-11-02T03:04:05.678901Z",
        "received_at": "2026-11-02T03:04:05.678901Z",
        "processed_at": "2026-11-02T03:04:05.678901Z",
        "status": "processed",
        "payload": {},
        "extensions": None,
    }


def test_numbers_keep_every_digit(api: httpx.Client, store: Storable) -> None:
    """Payload and extensions are as Postgres holds them; no float in between rounds them."""
    text = '{"big": 12345678901234567890123456789, "money": 1.10, "small": 0.1000000000000000055511151231257827}'
    store.event(event_id="digits", payload=text, extensions=text)
    answer = api.get("/admin/event/search", params={"tenant": "tenant_a", "eventId": "digits"})
    (found,) = json.loads(answer.content, parse_float=Decimal)["events"]
    expected = json.loads(text, parse_float=Decimal)
    assert found["payload"] == found["extensions"] == expected
    assert str(found["payload"]["money"]) == "1.10"


def test_text_is_returned_unchanged(api: httpx.Client, store: Storable) -> None:
    """Markup, control characters and any script are data."""
    store.event(event_id="text", payload='{"x": "<b>\\u0001\\"\\u2028 😀</b>"}')
    (found,) = _search(api, tenant="tenant_a", eventId="text")["events"]
    assert found["payload"] == {"x": '<b>\x01"\u2028 😀</b>'}


def test_tenants_do_not_mix(api: httpx.Client, store: Storable) -> None:
    """The same ids and keys of another tenant are not found."""
    for tenant in ("tenant_a", "tenant_b"):
        store.event(tenant_id=tenant, event_id="same", idempotency_key="same")
        store.dead_letter(tenant_id=tenant, event_id="same", idempotency_key="same")
    by_id = _search(api, tenant="tenant_b", eventId="same")
    by_key = _search(api, "by-idempotency", tenant="tenant_b", idempotencyKey="same")
    for found in (by_id, by_key):
        assert [each["tenant_id"] for each in found["events"] + found["dead_letters"]] == ["tenant_b"] * 2


def test_newest_first_over_all_days_and_at_most_a_hundred(api: httpx.Client, store: Storable) -> None:
    """An id that is sent over and over shows its newest rows, and says that there are more."""
    moments = [NOW - timedelta(hours=step) for step in range(110)]
    for moment in moments:
        store.event(moment, event_id="often")
        store.dead_letter(moment, event_id="often")
    found = _search(api, tenant="tenant_a", eventId="often")
    for each in (found["events"], found["dead_letters"]):
        times = [datetime.fromisoformat(row.get("received_at") or row["failed_at"]) for row in each]
        assert times == moments[:100]
    assert found["truncated"]


def test_a_key_used_on_two_days_shows_both_events(api: httpx.Client, store: Storable) -> None:
    """The newest comes first."""
    ids = [store.event(NOW - timedelta(days=age), idempotency_key="again") for age in (0, 3)]
    found = _search(api, "by-idempotency", tenant="tenant_a", idempotencyKey="again")
    assert [each["id"] for each in found["events"]] == list(map(str, ids))


@pytest.mark.parametrize("prefix", ["req_", ""])
@pytest.mark.parametrize("tenant", [{}, {"tenant": "tenant_b"}])
def test_by_request_id_with_and_without_tenant(
    api: httpx.Client, store: Storable, prefix: str, tenant: dict[str, str]
) -> None:
    """The id as it is in a producer's log is enough."""
    store.event(tenant_id="tenant_a")
    row_id = store.event(NOW - timedelta(days=2), tenant_id="tenant_b")
    store.event(tenant_id="tenant_c")
    assert [each["id"] for each in _search(api, requestId=f"{prefix}{row_id}", **tenant)["events"]] == [str(row_id)]
    assert _search(api, requestId=f"{prefix}{row_id}", tenant="tenant_a")["events"] == []


def test_a_duplicates_request_id_finds_the_first_event(api: httpx.Client, store: Storable) -> None:
    """It returns the row that the request duplicated."""
    first = store.event()
    second = uuid7(NOW, 4_711)
    store.duplicate(second, first)
    (found,) = _search(api, requestId=f"req_{second}")["events"]
    assert found["id"] == str(first)


@pytest.mark.parametrize("tenant", [None, "tenant_z"])
def test_a_dead_letter_is_found_by_its_request_id(api: httpx.Client, store: Storable, tenant: str | None) -> None:
    """Even if its tenant could not be read, or has no events at all."""
    name = f"req_{uuid.uuid4()}"
    store.dead_letter(tenant_id=tenant, request_id=name)
    (found,) = _search(api, requestId=name)["dead_letters"]
    assert (found["request_id"], found["tenant_id"]) == (name, tenant)


def test_large_events_do_not_make_a_huge_response(api: httpx.Client, store: Storable) -> None:
    """Rows beyond 8 MiB are left out and reported as truncated; the next request is answered at once."""
    for _ in range(12):
        store.event(event_id="large", payload=json.dumps({"x": "y" * 1_000_000}))
    found = _search(api, tenant="tenant_a", eventId="large")
    assert (len(found["events"]), found["truncated"]) == (8, True)
    assert len(_search(api, tenant="tenant_a", eventId="large")["events"]) == 8


def test_one_event_larger_than_the_limit_is_returned(api: httpx.Client, store: Storable) -> None:
    """A page has at least one row."""
    store.event(event_id="huge", payload=json.dumps({"x": "y" * 9_000_000}))
    assert len(_search(api, tenant="tenant_a", eventId="huge")["events"]) == 1


@pytest.mark.parametrize(
    ("path", "parameters", "expected"),
    [
        ("search", {}, "expected tenant and eventId, or requestId with or without tenant"),
        ("search", {"tenant": "a"}, "expected tenant and eventId, or requestId with or without tenant"),
        ("search", {"eventId": "a"}, "expected tenant and eventId, or requestId with or without tenant"),
        ("search", {"tenant": "a", "eventId": "b", "requestId": "c"}, "expected tenant and eventId, or requestId"),
        ("search", {"tenant": "a", "eventId": ""}, "eventId: String should have at least 1 character"),
        ("search", {"tenant": "a\0", "eventId": "b"}, "tenant: must not contain the character NUL"),
        ("search", {"tenant": "a", "eventId": "b" * 1_025}, "eventId: String should have at most 1024 characters"),
        ("by-idempotency", {"tenant": "a"}, "idempotencyKey: Field required"),
        ("by-idempotency", {}, "tenant: Field required; idempotencyKey: Field required"),
    ],
)
def test_an_invalid_parameter_says_what_was_expected(
    api: httpx.Client, path: str, parameters: dict[str, str], expected: str
) -> None:
    """Status 422, with the parameter's name."""
    answer = api.get(f"/admin/event/{path}", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(expected)
