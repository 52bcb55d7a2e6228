"""What became of many requests or keys is answered at once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable, uuid7

from event_platform.admin.queries.lookup import received_window

NOW = datetime.now(UTC)


def _look_up(api: httpx.Client, **names: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    answer = api.post("/admin/events/lookup", json={"tenant": "tenant_a", **names})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_each_request_has_a_result_in_order(api: httpx.Client, store: Storable) -> None:
    """TransactionResult, duplicate, dead, unknown and malformed ids; an id that is given twice has two results."""
    stored = store.event(NOW - timedelta(days=9))
    duplicate, dead, unknown = (uuid7(NOW, number) for number in (901, 902, 903))
    store.duplicate(duplicate, stored)
    store.dead_letter(request_id=f"req_{dead}", code="UNSTORABLE")
    names = [*(f"req_{each}" for each in (unknown, duplicate, stored, dead)), "nonsense", f"req_{stored}"]
    nothing = {"state": "unknown", "id": None, "code": None, "stored_count": 0, "dead_count": 0}
    is_stored = {"state": "stored", "id": str(stored), "code": None, "stored_count": 1, "dead_count": 0}
    is_dead = {"state": "dead", "id": None, "code": "UNSTORABLE", "stored_count": 0, "dead_count": 1}
    assert _look_up(api, request_ids=names) == [
        {**result, "request_id": name}
        for name, result in zip(names, [nothing, is_stored, is_stored, is_dead, nothing, is_stored], strict=True)
    ]


def test_each_key_has_a_result(api: httpx.Client, store: Storable) -> None:
    """Rows of two days both count, stored takes precedence over dead, and the code is that of the newest."""
    store.event(NOW - timedelta(days=2), idempotency_key="twice")
    newest = store.event(NOW, idempotency_key="twice")
    store.dead_letter(NOW - timedelta(hours=1), idempotency_key="twice", code="IDEMPOTENCY_KEY_REUSED")
    for age, code in ((2, "UNSTORABLE"), (1, "VALIDATION_FAILED")):
        store.dead_letter(NOW - timedelta(hours=age), idempotency_key="dead", code=code)
    assert _look_up(api, idempotency_keys=["twice", "dead", "none"]) == [
        {
            "idempotency_key": "twice",
            "state": "stored",
            "id": str(newest),
            "code": "IDEMPOTENCY_KEY_REUSED",
            "stored_count": 2,
            "dead_count": 1,
        },
        {
            "idempotency_key": "dead",
            "state": "dead",
            "id": None,
            "code": "VALIDATION_FAILED",
            "stored_count": 0,
            "dead_count": 2,
        },
        {
            "idempotency_key": "none",
            "state": "unknown",
            "id": None,
            "code": None,
            "stored_count": 0,
            "dead_count": 0,
        },
    ]


def test_another_tenants_are_unknown(api: httpx.Client, store: Storable) -> None:
    """Ids and keys are looked up within the tenant."""
    row_id = store.event(tenant_id="tenant_b", idempotency_key="theirs")
    store.dead_letter(tenant_id="tenant_b", idempotency_key="theirs", request_id=f"req_{row_id}")
    for names in ({"request_ids": [f"req_{row_id}"]}, {"idempotency_keys": ["theirs"]}):
        assert [each["state"] for each in _look_up(api, **names)] == ["unknown"]


@pytest.mark.parametrize(
    "row_id", [uuid.uuid4(), uuid7(NOW - timedelta(days=3_000), 1), uuid.UUID(int=7 << 76 | (1 << 127))]
)
def test_an_id_without_its_time_is_found(api: httpx.Client, store: Storable, row_id: uuid.UUID) -> None:
    """Ids of ingest contain their time, which makes them quick to find; others are found as well."""
    store.event(id=row_id)
    assert [each["state"] for each in _look_up(api, request_ids=[f"req_{row_id}"])] == ["stored"]


def test_a_thousand_at_once(api: httpx.Client, store: Storable) -> None:
    """The maximum of one request."""
    ids = [store.event(NOW - timedelta(hours=step)) for step in range(50)]
    names = [f"req_{each}" for each in ids] + [f"req_{uuid7(NOW, number)}" for number in range(10_000, 10_950)]
    states = [each["state"] for each in _look_up(api, request_ids=names)]
    assert states == ["stored"] * 50 + ["unknown"] * 950


def test_a_window_contains_the_time_of_the_id() -> None:
    """It allows for clock differences; an id of another version can be of any time."""
    low, high = received_window(uuid7(NOW, 1))
    assert low < NOW < high
    assert high - low < timedelta(hours=1)
    assert received_window(uuid.uuid4())[1].year == 9999


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"[]", 422, "body: "),
        (b"{}", 422, "tenant: Field required"),
        (b'{"tenant":"a"}', 422, "body: expected either request_ids or idempotency_keys"),
        (b'{"tenant":"a","request_ids":["a"],"idempotency_keys":["b"]}', 422, "body: expected either"),
        (b'{"tenant":"a","request_ids":[]}', 422, "request_ids: List should have at least 1 item"),
        (b'{"tenant":"a","request_ids":[1]}', 422, "request_ids.0: Input should be a valid string"),
        (b'{"tenant":"a","request_ids":["\\ud800"]}', 422, "request_ids.0: "),
        (b'{"tenant":"a","request_ids":["\\u0000"]}', 422, "request_ids.0: must not contain the character NUL"),
        (b'{"tenant":"a","ids":["a"]}', 422, "ids: Extra inputs are not permitted"),
        (
            b'{"tenant":"a","request_ids":[%b]}' % b",".join([b'"x"'] * 1_001),
            422,
            "request_ids: List should have at most",
        ),
        (b"[" * 100_000, 400, "the body is not JSON"),
        (b'{"tenant":"\xff"}', 400, "the body is not JSON"),
    ],
)
def test_an_invalid_body_says_what_was_expected(api: httpx.Client, body: bytes, status: int, expected: str) -> None:
    """Status 400 for a body that is not JSON, 422 for everything else."""
    answer = api.post("/admin/events/lookup", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(expected)


def test_a_body_over_two_mebibytes_is_refused(api: httpx.Client) -> None:
    """With Content-Length, and in chunks without it."""
    body, headers = b" " * (2 * 1_048_576 + 1), {"Content-Type": "application/json"}
    pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    for content in (body, pieces):
        answer = api.post("/admin/events/lookup", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
