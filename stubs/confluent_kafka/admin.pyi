# What we use of its administrative client.

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from enum import Enum
from typing import Any

from confluent_kafka import KafkaError, TopicCollection, TopicPartition

class ResourceType(Enum):
    BROKER = ...
    TOPIC = ...

class AlterConfigOpType(Enum):
    SET = ...

class ConfigEntry:
    name: str
    value: str

    def __init__(self, name: str, value: str, *, incremental_operation: AlterConfigOpType = ...) -> None: ...

class ConfigResource:
    def __init__(
        self,
        restype: ResourceType,
        name: str,
        set_config: Mapping[str, str] | None = ...,
        incremental_configs: Sequence[ConfigEntry] | None = ...,
    ) -> None: ...

class NewTopic:
    def __init__(
        self, topic: str, num_partitions: int = ..., replication_factor: int = ..., config: Mapping[str, str] = ...
    ) -> None: ...

class NewPartitions:
    def __init__(self, topic: str, new_total_count: int) -> None: ...

class OffsetSpec:
    @classmethod
    def earliest(cls) -> OffsetSpec: ...
    @classmethod
    def latest(cls) -> OffsetSpec: ...
    @classmethod
    def for_timestamp(cls, timestamp: int) -> OffsetSpec: ...

class ListOffsetsResultInfo:
    offset: int

class DeletedRecords:
    low_watermark: int

class MemberDescription:
    client_id: str
    group_instance_id: str | None
    member_id: str

class ConsumerGroupDescription:
    members: list[MemberDescription]
    state: Enum

class TopicDescription:
    topic_id: object

class PartitionMetadata:
    id: int
    leader: int

class TopicMetadata:
    error: KafkaError | None
    partitions: dict[int, PartitionMetadata]

class BrokerMetadata:
    host: str
    id: int
    port: int

class ClusterMetadata:
    brokers: dict[int, BrokerMetadata]
    cluster_id: str | None
    topics: dict[str, TopicMetadata]

class GroupMember:
    client_host: str
    client_id: str
    id: str
    assignment: bytes
    metadata: bytes

class GroupMetadata:
    error: KafkaError | None
    id: str
    members: list[GroupMember]
    state: str

class AdminClient:
    def __init__(self, config: Mapping[str, Any]) -> None: ...
    def create_partitions(
        self, new_partitions: Sequence[NewPartitions], *, request_timeout: float = ...
    ) -> dict[str, Future[None]]: ...
    def create_topics(self, new_topics: Sequence[NewTopic]) -> dict[str, Future[None]]: ...
    def delete_records(
        self, topic_partition_offsets: Sequence[TopicPartition], *, request_timeout: float = ...
    ) -> dict[TopicPartition, Future[DeletedRecords]]: ...
    def delete_topics(self, topics: Sequence[str], *, request_timeout: float = ...) -> dict[str, Future[None]]: ...
    def describe_configs(
        self, resources: Sequence[ConfigResource], *, request_timeout: float = ...
    ) -> dict[ConfigResource, Future[dict[str, ConfigEntry]]]: ...
    def describe_topics(
        self, topics: TopicCollection, *, request_timeout: float = ...
    ) -> dict[str, Future[TopicDescription]]: ...
    def describe_consumer_groups(
        self, group_ids: Sequence[str], *, request_timeout: float = ...
    ) -> dict[str, Future[ConsumerGroupDescription]]: ...
    def incremental_alter_configs(
        self, resources: Sequence[ConfigResource], *, request_timeout: float = ...
    ) -> dict[ConfigResource, Future[None]]: ...
    def list_groups(self, group: str | None = ..., timeout: float = ...) -> list[GroupMetadata]: ...
    def list_offsets(
        self, topic_partition_offsets: Mapping[TopicPartition, OffsetSpec], *, request_timeout: float = ...
    ) -> dict[TopicPartition, Future[ListOffsetsResultInfo]]: ...
    def list_topics(self, topic: str | None = ..., timeout: float = ...) -> ClusterMetadata: ...
    def poll(self, timeout: float = ...) -> int: ...
