"""P3, P5: the day of an event is that of its ``received_at``, whenever it is processed and however often."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService

from event_platform.core.envelope import format_timestamp


def test_events_around_midnight_are_stored_in_their_days(raw_topic: RawTopic, run_service: RunService) -> None:
    """One key on both sides of midnight UTC is two rows, each in its day; a rewind changes nothing."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [midnight + timedelta(microseconds=step) for step in (-1_000_000, -1, 0, 1, 1_000_000)]
    before = raw_topic.message(received_at=format_timestamp(moments[1]), idempotency_key="same-key")
    after = json.loads(before) | {"received_at": format_timestamp(moments[2]), "request_id": f"req_{uuid4()}"}
    others = [
        raw_topic.message(received_at=format_timestamp(moment)) for moment in (moments[0], moments[3], moments[4])
    ]
    raw_topic.send(before, json.dumps(after).encode(), *others, b"rubbish", partition=1)
    run_service("processor")
    raw_topic.await_processed()
    yesterday, today = (f"events_{day:%Y_%m_%d}" for day in (midnight - timedelta(days=1), midnight))
    found = raw_topic.query("SELECT tableoid::regclass::text, received_at FROM events ORDER BY received_at")
    assert found == [(yesterday if moment < midnight else today, moment) for moment in moments]
    assert raw_topic.one("SELECT count(*) FROM events WHERE idempotency_key = 'same-key'") == 2
    _read_again(raw_topic)
    assert raw_topic.query("SELECT tableoid::regclass::text, received_at FROM events ORDER BY received_at") == found
    assert raw_topic.one("SELECT sum(n) FROM throughput WHERE outcome <> 'stored'") == 1
    raw_topic.assert_balanced()


def _read_again(raw_topic: RawTopic) -> None:
    """Rewind an idle partition, which the running processor notices by itself."""
    raw_topic.query("UPDATE consumer_progress SET next_offset = 0 WHERE partition = 1 RETURNING 1")
    raw_topic.await_processed()
