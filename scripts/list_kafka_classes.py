"""Writes the list of classes for Kafka's class-data archive, after its jars have changed; see `kafka_class_archive`.

It runs a Kafka like `event-platform up`, uses it once in all the ways the platform does, and records the classes that
Java loads.
"""

import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from event_platform.local.process import program, readiness
from event_platform.local.process.program import Program
from event_platform.local.servers import kafka, kafka_class_archive
from event_platform.local.servers.kafka import KafkaServer
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir import directory
from event_platform.local.state_dir.directory import StateDirectory

LIST: Final = Path("src/event_platform/local/servers") / kafka_class_archive.CLASS_LIST

_TOPIC: Final = "topic"
_TIMEOUT_SECONDS: Final = 60.0
# Java generates these classes with other names in each run.
_GENERATED: Final = re.compile(r"\$Proxy\d+$|\$\$Lambda|\$\$Injected|LambdaForm\$|/0x")


def main() -> None:
    """Run Kafka and replace the list."""
    where = directory.locate(Path(tempfile.mkdtemp(prefix="event-platform-classes-")))
    where.create()
    try:
        with PortReservations() as reservations:
            names = _loaded(where, KafkaServer(reservations.reserve(), reservations.reserve()))
    finally:
        for folder in {where.home, where.server_data}:
            shutil.rmtree(folder)
    LIST.write_text("".join(f"{name}\n" for name in sorted(names)))
    _print(f"{len(names)} classes in {LIST}")


def _loaded(where: StateDirectory, server: KafkaServer) -> set[str]:
    """Return the classes loaded by a first start and by one with existing data."""
    found: set[str] = set()
    for name in ("first", "second"):
        loaded = where.data_directory("kafka") / name
        _run(_with_class_list(kafka.prepare(where, server, None, _print), loaded), server)
        lines = loaded.read_text().splitlines()
        found |= {line.split()[0] for line in lines if not line.startswith(("#", "@"))}
    return {name for name in found if not _GENERATED.search(name)}


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _with_class_list(kafka_program: Program, loaded: Path) -> Program:
    kept = (part for part in kafka_program.command[1:] if not part.startswith("-XX:SharedArchiveFile"))
    options = ("-Xshare:off", f"-XX:DumpLoadedClassList={loaded}")
    return replace(kafka_program, command=(kafka_program.command[0], *options, *kept))


def _run(kafka_program: Program, server: KafkaServer) -> None:
    process = program.start(kafka_program)
    try:
        readiness.wait(process, kafka_program)
        _use(server.brokers)
    finally:
        process.terminate()
        process.wait()


def _use(brokers: str) -> None:
    """Create a topic, produce records with every compression, and consume one in a group."""
    admin = AdminClient({"bootstrap.servers": brokers})
    try:
        admin.create_topics([NewTopic(_TOPIC, 1, config={"retention.ms": "1000000"})])[_TOPIC].result(_TIMEOUT_SECONDS)
        admin.create_partitions([NewPartitions(_TOPIC, 2)])[_TOPIC].result(_TIMEOUT_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
    for compression in ("none", "lz4", "zstd"):
        producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "compression.type": compression})
        producer.produce(_TOPIC, b"value", b"key")
        producer.flush(_TIMEOUT_SECONDS)
    group_config = {"bootstrap.servers": brokers, "group.id": "group", "auto.offset.reset": "earliest"}
    consumer = Consumer({**group_config, "enable.auto.commit": False})
    consumer.subscribe([_TOPIC])
    consumer.commit(message=consumer.consume(1, _TIMEOUT_SECONDS)[0], asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    main()
