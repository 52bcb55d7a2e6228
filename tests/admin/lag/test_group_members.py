"""Group members are read from Kafka's own formats."""

from event_platform.admin.lag.group_members import configured_name, parse_assignment


def test_assignments_are_parsed_as_kafka_writes_them() -> None:
    """A version, topics with their partitions, then user data that the parser ignores."""
    two_topics = b"\0\1" + b"\0\0\0\2" + b"\0\1a" + b"\0\0\0\2\0\0\0\3\0\0\0\5" + b"\0\2bc" + b"\0\0\0\1\0\0\0\0"
    assert [*parse_assignment(two_topics + b"\xff\xff\xff\xff")] == [("a", 3), ("a", 5), ("bc", 0)]
    assert [*parse_assignment(b"")] == []


def test_members_are_named_by_instance_id_or_client_id() -> None:
    """A static member has its `group.instance.id`, a dynamic one its `client.id`."""
    assert configured_name("4446fc96ab-0-01a2081d-4e14-43c1-8eba-84954dee3861") == "4446fc96ab-0"
    assert configured_name("worker-7") == "worker-7"
