"""Fixtures of the load generator's tests."""

from collections.abc import Iterator

import pytest
from tests.loadgen.stub_server import StubServer


@pytest.fixture
def stub() -> Iterator[StubServer]:
    """Provide a server that answers as the test wants."""
    server = StubServer()
    yield server
    server.end()
