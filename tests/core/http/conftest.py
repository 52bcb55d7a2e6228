"""A running ingest for a module, and a producer of it: of the three services it takes most from its clients."""

import pytest
from tests.fixtures.ingest_client import MakeProducer, Producer
from tests.fixtures.services import RunService, Service


@pytest.fixture(scope="module")
def ingest(run_service_for_module: RunService) -> Service:
    """The service, with a quota that no test uses up."""
    return run_service_for_module("ingest", RATE_LIMIT_PER_MIN=1_000_000)


@pytest.fixture
def producer(ingest: Service, producer_of: MakeProducer) -> Producer:
    """A producer of tenant_a."""
    return producer_of(ingest)
