"""The OpenAPI description matches the service: every response is documented, none is a 5xx."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from openapi_spec_validator import validate
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from tests.fixtures.ingest_client import Producer
from tests.fixtures.services import Service
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.ingest.operator_endpoints import load_openapi

DOCUMENT = load_openapi()
OPERATIONS = schemathesis.openapi.from_dict(DOCUMENT)


def test_document() -> None:
    """The description is valid OpenAPI."""
    validate(DOCUMENT)


def test_served(ingest: Service) -> None:
    """The description is served as JSON, and as a page that loads nothing from other hosts."""
    assert ingest.get("/openapi.json").json() == DOCUMENT
    page = ingest.get("/docs").text
    assert "/events/batch" in page
    assert "src=" not in page
    assert "http://" not in page


def test_metrics(producer: Producer) -> None:
    """Metrics count requests by outcome, and their latency."""
    producer.post("counted")
    text = producer.client.get(f"{producer.service.url}/metrics").text
    assert 'ingest_requests_total{outcome="ACCEPTED"}' in text
    assert "ingest_request_seconds_bucket" in text


@given(case=OPERATIONS.as_strategy())
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck])
def test_answers(ingest: Service, case: Case[Any]) -> None:
    """Every request, valid or not, gets a documented response of the documented form."""
    response = case.call(base_url=ingest.url, headers={"X-API-Key": "key_a"}, timeout=DEADLINE_SECONDS)
    case.validate_response(response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance])
