"""Fixtures for all tests: real servers, services as processes, a network that fails on demand."""

from hypothesis import HealthCheck, settings

# No deadline, because a busy machine is slow whatever the example. `make test` tries the same examples in every run,
# `make test-long` others each time.
_untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _untimed, derandomize=True)
settings.register_profile("other", _untimed)
settings.load_profile("same")

# In the order of their imports: pytest has to register a module before another one imports it.
pytest_plugins = [
    "tests.fixtures.failed_tests",
    "tests.fixtures.order",
    "tests.fixtures.disks",
    "tests.fixtures.timing",
    "tests.fixtures.clock",
    "tests.fixtures.ports",
    "tests.fixtures.error_watch",
    "tests.fixtures.guard",
    "tests.fixtures.patient_producer",
    "tests.fixtures.raw_topic",
    "tests.fixtures.kafka_log",
    "tests.fixtures.servers",
    "tests.fixtures.environment",
    "tests.fixtures.foreign_database",
    "tests.fixtures.rewinding",
    "tests.fixtures.services",
    "tests.fixtures.bare_server",
    "tests.fixtures.proxy",
    "tests.fixtures.redis_servers",
    "tests.fixtures.brokerless_kafka",
    "tests.fixtures.ingest_client",
    "tests.fixtures.recorded_answers",
]
