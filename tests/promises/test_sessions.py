"""P7: what is stored and shown does not depend on settings that a session inherits."""

import json
import uuid
from collections.abc import Iterator
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService
from tests.fixtures.waiting import eventually

FOREIGN = {
    "client_encoding": "WIN1252",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "extra_float_digits": "-10",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "default_transaction_isolation": "serializable",
    "idle_session_timeout": "1s",
}
ENVIRONMENT = {
    "PGCLIENTENCODING": "LATIN1",
    "PGDATESTYLE": "SQL, DMY",
    "PGTZ": "America/St_Johns",
    "PGOPTIONS": "-c IntervalStyle=iso_8601 -c bytea_output=escape",
}
TEXT = "5 € - naïve 日本 😀"


@pytest.fixture(params=["database", "environment"])
def overrides(request: pytest.FixtureRequest, servers: RunningServers, raw_topic: RawTopic) -> Iterator[dict[str, str]]:
    """Environment of the services; the inherited settings come from it, or from the database."""
    if request.param == "environment":
        yield ENVIRONMENT
        return
    name = sql.Identifier(str(raw_topic.one("SELECT current_database()")))
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        for setting, value in FOREIGN.items():
            altered = sql.SQL("ALTER DATABASE {} SET {} = {}")
            connection.execute(altered.format(name, sql.Identifier(setting), sql.Literal(value)))
        yield {}
        connection.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))


def test_inherited_session_settings_change_nothing(
    overrides: dict[str, str], raw_topic: RawTopic, run_service: RunService
) -> None:
    """Text, bytes and times are stored as sent, whatever encoding, date style or time zone the session inherits."""
    processor = run_service("processor", **overrides)
    admin = run_service("admin", **overrides)
    moment, broken = "2026-02-01T20:00:00.123456Z", "{\\ 'ü' is no JSON, and \\x41 is no A".encode()
    event_id = f"{TEXT} {uuid.uuid4()}"
    event = {"event_id": event_id, "event_type": TEXT, "occurred_at": moment, "payload": {"text": TEXT}}
    good = raw_topic.message(json.dumps({"schema_version": 1, **event}, ensure_ascii=False).encode())
    _, letter = raw_topic.send(good, broken)
    raw_topic.await_processed()
    assert raw_topic.await_row(good)[:3] == (event_id, TEXT, json.dumps(event["payload"], ensure_ascii=False))
    assert (raw_topic.dead_letter(letter) or ())[2:] == (broken,)
    eventually(lambda: broken.decode() in _published(raw_topic), "its publication")
    found = admin.get(f"/admin/event/search?{urlencode({'tenant': 'tenant_a', 'eventId': event_id})}")
    assert found.status_code == 200, found.text
    (shown,) = found.json()["events"]
    assert (shown["event_id"], shown["occurred_at"], shown["payload"]) == (event_id, moment, event["payload"])
    for page in ("overview", "series", "top-event-types", "dlq/sample", "health", "kafka/lag"):
        assert admin.get(f"/admin/{page}").status_code == 200, page
    assert processor.health()["status"] == "ok"


def _published(raw_topic: RawTopic) -> list[str]:
    return [json.loads(message.value() or b"")["original"] for message in raw_topic.dead_letters_published()]
