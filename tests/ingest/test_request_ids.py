"""Request ids and their time of arrival."""

import uuid

from event_platform.ingest.request_ids import RequestIdGenerator


def test_ids_are_unique_uuids_of_their_time() -> None:
    """Ids are UUIDv7 of the time that goes with them, and never repeat."""
    generator = RequestIdGenerator(now=lambda: 1_700_000_000.123456)
    identities = [generator.generate() for _ in range(1_000)]
    first = uuid.UUID(identities[0].id)
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first.int >> 80 == 1_700_000_000_123
    assert identities[0].received_at == "2023-11-14T22:13:20.123456Z"
    assert len({identity.id for identity in identities}) == 1_000
