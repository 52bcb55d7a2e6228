"""Which settings stop the start of the admin API, and which do not."""

from tests.fixtures.services import RunService

OTHER_SERVICES = {
    "API_KEYS": "garbage",
    "API_KEYS_FILE": "/nowhere",
    "RATE_LIMITS": "garbage",
    "RETENTION_DAYS": "garbage",
    "PROCESSOR_PORT": "garbage",
    "WORKER_ID": "two words",
}


def test_settings_of_other_services_are_ignored(run_service: RunService) -> None:
    """Invalid settings of ingest and the processor do not stop it."""
    assert run_service("admin", **OTHER_SERVICES).is_ready()


def test_weak_tokens_beyond_loopback_stop_the_start(run_service: RunService) -> None:
    """The error names the token's owner and does not show the token."""
    everywhere, weak = "0.0.0.0", "0123456789abcde"  # noqa: S104 - strangers are the point of the test
    given = {"ADMIN_HOST": everywhere, "ADMIN_TOKENS": f"dev:{weak}f,ops:{weak}"}
    service = run_service("admin", wait_until_ready=False, **given, **OTHER_SERVICES)
    assert service.wait_until_ended() == 1
    expected = "ADMIN_HOST=0.0.0.0 is not loopback: the admin token of ops is shorter than 16 characters"
    assert expected in service.log()
    assert weak not in service.log()
