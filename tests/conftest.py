"""Fixtures for every test: real servers, services as processes, a network that fails on demand."""

# A module stands after those it imports: pytest registers each before it is imported.
pytest_plugins = [
    "tests.fixtures.error_watch",
    "tests.fixtures.raw_topic",
    "tests.fixtures.servers",
    "tests.fixtures.environment",
    "tests.fixtures.services",
    "tests.fixtures.proxy",
    "tests.fixtures.ingest_client",
    "tests.fixtures.books",
]
