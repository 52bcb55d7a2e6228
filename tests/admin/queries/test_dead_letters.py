"""Dead letters come newest first, page by page, with their original bytes."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.admin.conftest import Storable

from event_platform.admin.responses.search import DeadLetterPage

NOW = datetime.now(UTC)


def _page(api: httpx.Client, **parameters: str | int) -> dict[str, Any]:
    answer = api.get("/admin/dlq/sample", params=parameters)
    assert answer.status_code == 200, answer.text
    DeadLetterPage.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def _offsets(page: dict[str, Any]) -> list[int]:
    return [each["source"]["offset"] for each in page["dead_letters"]]


@pytest.mark.usefixtures("store")
def test_no_dead_letters_is_an_empty_page(api: httpx.Client) -> None:
    """There are no rows and no next page."""
    assert _page(api) == {"total": 0, "dead_letters": [], "next": None}


def test_a_dead_letter_has_every_field(api: httpx.Client, store: Storable) -> None:
    """Reason, ids, source and original."""
    offset = store.dead_letter(
        datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC), event_id="e", idempotency_key="k", request_id="req_x"
    )
    (found,) = _page(api)["dead_letters"]
    assert int(found.pop("id")) > 0
    assert found == {
        "failed_at": "2026-11-02T03:04:05Z",
        "code": "VALIDATION_FAILED",
        "reason": "VALIDATION_FAILED: missing event_type",
        "tenant_id": "tenant_a",
        "event_id": "e",
        "idempotency_key": "k",
        "request_id": "req_x",
        "source": {"topic": "events.raw", "partition": 0, "offset": offset},
        "original": {"a": 1.5},
        "original_encoding": "json",
    }


@pytest.mark.parametrize(
    ("original", "encoding", "shown"),
    [
        (None, "null", None),
        (b"", "text", ""),
        (b"not json", "text", "not json"),
        (b"\xff\x00", "base64", base64.b64encode(b"\xff\x00").decode()),
    ],
)
def test_any_original_can_be_restored(
    api: httpx.Client, store: Storable, original: bytes | None, encoding: str, shown: str | None
) -> None:
    """It is shown in the most readable encoding that keeps its bytes."""
    store.dead_letter(original_bytes=original)
    (found,) = _page(api)["dead_letters"]
    assert (found["original_encoding"], found["original"]) == (encoding, shown)


def test_json_is_embedded_unchanged(api: httpx.Client, store: Storable) -> None:
    """White space, repeated names and digits are kept."""
    original = b'{ "n":1.10,  "n":12345678901234567890, "e": 1e400 }'
    store.dead_letter(original_bytes=original)
    assert original in api.get("/admin/dlq/sample").content


def test_pages_follow_each_other_without_gap_or_repeat(api: httpx.Client, store: Storable) -> None:
    """Dead letters of the same moment, and new ones arriving in between, make no difference."""
    offsets = [store.dead_letter(NOW - timedelta(seconds=step // 10)) for step in range(45)]
    seen: list[int] = []
    before: dict[str, str] = {}
    while True:
        page = _page(api, limit=10, **before)
        seen += _offsets(page)
        if page["next"] is None:
            break
        before = {"before": page["next"]}
        store.dead_letter(NOW + timedelta(minutes=1))
    assert sorted(seen) == offsets
    assert len(seen) == 45


def test_default_page_has_twenty(api: httpx.Client, store: Storable) -> None:
    """The total counts all of them."""
    for _ in range(21):
        store.dead_letter()
    page = _page(api)
    assert (len(page["dead_letters"]), page["total"]) == (20, 21)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, 6),
        ({"code": "UNSTORABLE"}, 3),
        ({"tenant": "tenant_b"}, 2),
        ({"code": "UNSTORABLE", "tenant": "tenant_b"}, 1),
        ({"code": "NO_SUCH_CODE"}, 0),
        ({"tenant": "nobody"}, 0),
    ],
)
def test_filters(api: httpx.Client, store: Storable, filters: dict[str, str], expected: int) -> None:
    """By code, by tenant, by both; the total is filtered, too."""
    for tenant in ("tenant_a", "tenant_b", None):
        for code in ("UNSTORABLE", "VALIDATION_FAILED"):
            store.dead_letter(tenant_id=tenant, code=code)
    page = _page(api, **filters)
    assert (len(page["dead_letters"]), page["total"]) == (expected, expected)
    for name, value in filters.items():
        assert {each["tenant_id" if name == "tenant" else name] for each in page["dead_letters"]} <= {value}


def test_filtered_pages_follow_each_other(api: httpx.Client, store: Storable) -> None:
    """The cursor works with filters."""
    expected = []
    for step in range(12):
        offset = store.dead_letter(
            NOW - timedelta(seconds=step), code="UNSTORABLE" if step % 2 else "VALIDATION_FAILED"
        )
        expected += [offset] if step % 2 else []
    first = _page(api, code="UNSTORABLE", limit=4)
    assert _offsets(first) + _offsets(_page(api, code="UNSTORABLE", limit=4, before=first["next"])) == expected


def test_large_dead_letters_make_smaller_pages(api: httpx.Client, store: Storable) -> None:
    """A page ends at 8 MiB, and the next one continues there."""
    for _ in range(12):
        store.dead_letter(original_bytes=json.dumps({"x": "y" * 1_000_000}).encode())
    first = _page(api, limit=100)
    second = _page(api, limit=100, before=first["next"])
    assert (len(first["dead_letters"]), len(second["dead_letters"]), second["next"]) == (8, 4, None)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"limit": "0"}, "limit: Input should be greater than or equal to 1"),
        ({"limit": "101"}, "limit: Input should be less than or equal to 100"),
        ({"limit": "many"}, "limit: Input should be a valid integer"),
        ({"before": "yesterday"}, "before: expected `next` of an earlier page"),
        ({"before": "999999999999999999-1"}, "before: expected `next` of an earlier page"),
        ({"code": "lower"}, "code: String should match pattern"),
    ],
)
def test_an_invalid_parameter_says_what_was_expected(
    api: httpx.Client, parameters: dict[str, str], expected: str
) -> None:
    """Status 422, with the parameter's name."""
    answer = api.get("/admin/dlq/sample", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(expected)
