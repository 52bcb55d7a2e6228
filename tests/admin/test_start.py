"""What of the settings stops the admin API's start, and what does not."""

from tests.fixtures.services import RunService

OF_OTHERS = {
    "API_KEYS": "garbage",
    "API_KEYS_FILE": "/nowhere",
    "RATE_LIMITS": "garbage",
    "RETENTION_DAYS": "garbage",
    "PROCESSOR_PORT": "garbage",
    "WORKER_ID": "two words",
}


def test_settings_of_others_stop_nothing(run_service: RunService) -> None:
    """What is wrong with those of ingest and the processor is their matter: it answers all the same."""
    assert run_service("admin", **OF_OTHERS).is_ready()


def test_tokens_that_can_be_guessed_beyond_loopback(run_service: RunService) -> None:
    """They stop the start, named by who holds them and not shown."""
    everywhere, weak = "0.0.0.0", "0123456789abcde"  # noqa: S104 - strangers are the point of the test
    given = {"ADMIN_HOST": everywhere, "ADMIN_TOKENS": f"dev:{weak}f,ops:{weak}"}
    service = run_service("admin", wait_until_ready=False, **given, **OF_OTHERS)
    assert service.wait_until_ended() == 1
    said = "ADMIN_HOST=0.0.0.0 is not loopback: the admin token of ops is shorter than 16 characters"
    assert said in service.log()
    assert weak not in service.log()
