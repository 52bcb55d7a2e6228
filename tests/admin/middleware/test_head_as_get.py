"""HEAD is answered wherever GET is."""

import httpx
import pytest
from tests.fixtures.services import Service
from tests.fixtures.waiting import DEADLINE_SECONDS


@pytest.mark.parametrize(
    "path", ["/admin/kafka/lag", "/admin/overview", "/health", "/metrics", "/openapi.json", "/docs"]
)
def test_head_is_answered_as_get_without_the_body(admin: Service, path: str) -> None:
    """Monitors send it; the connection stays usable, because no body is left in it."""
    with httpx.Client(base_url=admin.url, timeout=DEADLINE_SECONDS) as client:
        head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.keys() == get.headers.keys()


def test_head_is_refused_where_get_is(admin: Service) -> None:
    """HEAD does not reach a route that takes only POST."""
    refused = httpx.head(f"{admin.url}/admin/events/lookup", timeout=DEADLINE_SECONDS)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
