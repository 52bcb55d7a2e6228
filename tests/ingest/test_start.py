"""Starts that cannot end well end at once, and say what to do."""

import json
from functools import partial

import httpx
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

WRONG = [
    ({"MAX_EVENT_BYTES": "1048000"}, "MAX_EVENT_BYTES=1048000 needs max.message.bytes of at least 1052096 on topic"),
    ({"RETENTION_DAYS": "7"}, "RETENTION_DAYS=7 needs retention.ms below 604800000 on topic"),
    ({"TOPIC_RAW": "nowhere"}, "topic nowhere does not exist: create it with `event-platform topics`"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_settings_against_topics(
    run_service: RunService, expect_errors: ExpectErrors, wrong: dict[str, str], said: str
) -> None:
    """Settings that contradict the topics stop the start with their names."""
    expect_errors(said)
    start = partial(run_service, "ingest", wait_until_ready=False, **wrong)
    service = eventually(lambda: checked(start()), "a start with a Kafka that says what it has")
    assert service.wait_until_ended() != 0
    assert said in service.log()
    assert "Traceback" not in service.log()


OPEN = {"INGEST_HOST": "0.0.0.0", "ADMIN_TOKENS": "garbage", "DATABASE_URL": "garbage"}  # noqa: S104 - the point of the test


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("shop:key_a", "the API key of shop is in the documentation"),
        ("shop:0123456789abcde", "the API key of shop is shorter than 16 characters"),
        ("", "API_KEYS or API_KEYS_FILE must be given"),
    ],
)
def test_keys_that_can_be_guessed_beyond_loopback(run_service: RunService, keys: str, said: str) -> None:
    """They stop the start, without being shown."""
    service = run_service("ingest", wait_until_ready=False, API_KEYS=keys, **OPEN)
    assert service.wait_until_ended() == 1
    assert f"INGEST_HOST=0.0.0.0 is not loopback: {said}" in service.log()
    assert not keys or keys.partition(":")[2] not in service.log()


def test_a_misspelt_tenant_stops_the_start(run_service: RunService) -> None:
    """A limit that would hold for nobody is named with the tenant that was meant."""
    service = run_service("ingest", wait_until_ready=False, RATE_LIMITS="tenat_a:5")
    assert service.wait_until_ended() == 1
    assert "RATE_LIMITS: tenat_a has no API key: expected tenant_a" in service.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_given_in_vain_is_said_once(run_service: RunService, workers: int) -> None:
    """Variables that look like a misspelt setting, and limits of tenants without a key, stop nothing."""
    given = {"RATE_LIMIT_PER_MINUTE": "5", "RATE_LIMITS": "somebody:5", "REDIS_HOST": "x", "DATABASE_URL_TEST": "x"}
    service = run_service("ingest", "--workers", str(workers), **given)
    said = [json.loads(line)["reason"] for line in service.log().splitlines() if "setting ignored" in line]
    assert [reason.split(" ")[0] for reason in said] == ["RATE_LIMIT_PER_MINUTE", "RATE_LIMITS:"]


def checked(service: Service) -> Service | None:
    """It, unless a busy Kafka did not answer in time: then it starts all the same."""
    missed = "starting without Kafka"
    eventually(lambda: service.process.poll() is not None or missed in service.log(), "an end, or why not")
    return service if missed not in service.log() else None


def kafka_error(service: Service) -> str:
    """Why Kafka cannot be used, as health tells; empty where it does not answer yet."""
    try:
        report = service.health()
    except httpx.TransportError:
        return ""
    entries = {entry["name"]: entry for entry in report["dependencies"]}
    assert report["status"] == "down"
    return str(entries["kafka"]["error"])


def test_contradiction_found_later(
    run_service: RunService, servers: RunningServers, expect_errors: ExpectErrors
) -> None:
    """Found only when Kafka comes, it keeps the service from being ready, says why, and is no error every second."""
    wrong, said = WRONG[0]
    expect_errors(said)
    servers.pause("kafka")
    service = run_service("ingest", wait_until_ready=False, **wrong)
    eventually(lambda: kafka_error(service) != "", "a first reason in its health")
    servers.resume("kafka")
    eventually(lambda: said in kafka_error(service), "the contradiction in its health")
    assert service.log().count("contradict each other") == 1
