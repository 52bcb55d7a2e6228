"""Fixtures for every test: real servers, services as processes, a network that fails on demand."""

from hypothesis import HealthCheck, settings

# A busy machine is slow, which no example is to blame for; and what is tried is the same in every run of `make test`.
# `make test-long` tries other examples each time.
_untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _untimed, derandomize=True)
settings.register_profile("other", _untimed)
settings.load_profile("same")

# A module stands after those it imports: pytest registers each before it is imported.
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
