"""Responses match the OpenAPI document."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis.checks import ignored_auth, positive_data_acceptance
from tests.fixtures.services import Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin import openapi

COMMITTED = Path("dashboard/src/api/admin-openapi.json")

schema = schemathesis.openapi.from_dict(openapi.document())


def test_the_committed_document_is_up_to_date() -> None:
    """The dashboard's types are generated from it; `python -m event_platform.admin.openapi` prints it."""
    printed = subprocess.run(
        [sys.executable, "-m", "event_platform.admin.openapi"], capture_output=True, text=True, check=True
    )
    assert printed.stdout == COMMITTED.read_text()


def test_the_document_is_valid() -> None:
    """It conforms to OpenAPI 3.1."""
    validate(json.loads(COMMITTED.read_text()))


def answer_to(case: schemathesis.Case[Any], admin: Service) -> Any:  # noqa: ANN401 - schemathesis' own
    """The response; None if the servers of a busy machine were too slow for it."""
    answer = case.call(base_url=admin.url, timeout=DEADLINE_SECONDS)
    return answer if answer.status_code != 503 else None


@schema.parametrize()
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_undocumented_response(case: schemathesis.Case[Any], admin: Service) -> None:
    """ValidEvent and invalid requests get no 5xx, only documented statuses, and bodies of the documented form."""
    answer = eventually(lambda: answer_to(case, admin), "another answer than 503")
    assert answer.status_code < 500
    # The schema cannot express which parameters go together, and that tokens are required only where they are set.
    case.validate_response(answer, excluded_checks=[positive_data_acceptance, ignored_auth])


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_documentation_needs_no_network(api: httpx.Client, path: str) -> None:
    """It loads nothing from other hosts."""
    answer = api.get(path)
    assert answer.status_code == 200
    assert "http://" not in answer.text
    assert "https://" not in answer.text
