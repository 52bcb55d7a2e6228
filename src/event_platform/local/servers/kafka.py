"""A local Kafka: a single KRaft node that is broker and controller, run from its jars."""

import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.process.program import Program, run_to_completion, server_environment
from event_platform.local.servers import kafka_class_archive, kafka_jars
from event_platform.local.servers.java import find_java
from event_platform.local.servers.kafka_class_archive import JvmConfiguration
from event_platform.local.servers.kafka_jars import ReportStep
from event_platform.local.servers.ports import LOOPBACK, is_listening
from event_platform.local.state_dir.directory import StateDirectory

PREFERRED_PORT: Final = 9092

# Paths are relative to the working directory, because Kafka splits log.dirs at commas. A killed broker can register
# again only after its old session has timed out, by default 9 s.
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.topic.segment.bytes=16777216
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=67108864
log.retention.check.interval.ms=60000
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
message.max.bytes=1048588
"""

# The class archive is made for these.
_JVM_OPTIONS: Final = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Without the C2 compiler, which pays off later than a local platform lives: a start takes 40 % less CPU, and a
    # million records take no more.
    "-XX:TieredStopAtLevel=1",
)

_LOG4J_PROPERTIES: Final = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
"""


@dataclass(frozen=True, slots=True)
class KafkaServer:
    """Where a local Kafka listens."""

    port: int
    controller_port: int

    @property
    def brokers(self) -> str:
        """Value of ``bootstrap.servers``."""
        return f"{LOOPBACK}:{self.port}"


def prepare(state_dir: StateDirectory, server: KafkaServer, home: Path | None, report_step: ReportStep) -> Program:
    """Download what is missing, format the storage on the first start, and return how to run the server.

    Args:
        state_dir: Where its data and the download cache are.
        server: Where it is to listen.
        home: An unpacked Kafka to run instead of the downloaded one.
        report_step: Called with what is being downloaded.

    Raises:
        ConfigurationError: The settings and this machine offer no Java or no Kafka.
        UnavailableError: Downloading or formatting failed.
    """
    directory = state_dir.create_data_directory("kafka")
    ports = {"port": server.port, "controller_port": server.controller_port}
    _write(directory / "server.properties", _PROPERTIES.format(host=LOOPBACK, **ports))
    _write(directory / "log4j2.properties", _LOG4J_PROPERTIES)
    java = _java_command(state_dir, home, report_step)
    program = _program(state_dir, server, directory, java)
    if not (directory / "data" / "meta.properties").exists():
        _format_storage(program, java)
    return program


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o644)


def check_home(home: Path) -> None:
    """Raise `ConfigurationError` where ``home`` is not an unpacked Kafka."""
    if not any((home / "libs").glob("kafka_*.jar")):
        raise ConfigurationError(f"KAFKA_HOME={home}: expected the folder of an unpacked Kafka, with its jars in libs/")


@dataclass(frozen=True, slots=True)
class _JavaCommand:
    """A Java command line up to its main class, and the class path of that class."""

    words: tuple[str, ...]
    class_path: str


def _java_command(state_dir: StateDirectory, home: Path | None, report_step: ReportStep) -> _JavaCommand:
    java = find_java(state_dir)
    if home:
        check_home(home)
        libraries = state_dir.accessible_copy(home.absolute(), ("libs",), "given") / "libs"
        return _with_options(java, str(libraries / "*"))
    jars = kafka_jars.fetch(state_dir.cache_directory(), report_step)
    jvm = JvmConfiguration(java, _JVM_OPTIONS, tuple(jars))
    archive = kafka_class_archive.find_or_create(jars[0].parent, jvm, report_step)
    return _with_options(java, jvm.class_path, archive)


def _with_options(java: Path, class_path: str, archive: Path | None = None) -> _JavaCommand:
    shared = (f"-XX:SharedArchiveFile={archive}",) if archive else ()
    others = ("-XX:+ExitOnOutOfMemoryError", "-Dlog4j2.configurationFile=log4j2.properties", "-Djava.awt.headless=true")
    return _JavaCommand((str(java), *_JVM_OPTIONS, *shared, *others), class_path)


def _program(state_dir: StateDirectory, server: KafkaServer, directory: Path, java: _JavaCommand) -> Program:
    return Program(
        name="kafka",
        command=(*java.words, "kafka.Kafka", "server.properties"),
        environment={**server_environment(state_dir.home), "CLASSPATH": java.class_path},
        working_directory=directory,
        log=state_dir.logs / "kafka.log",
        is_ready=lambda: _is_ready(server, directory),
        account=state_dir.account,
    )


def _format_storage(program: Program, java: _JavaCommand) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    options = (f"--cluster-id={cluster}", "--config=server.properties")
    done = run_to_completion(program, (*java.words, "kafka.tools.StorageTool", "format", *options))
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip()[-500:]
        raise UnavailableError(f"formatting Kafka's storage in {program.working_directory}: {reason}")


def _is_ready(server: KafkaServer, directory: Path) -> bool:
    # A client whose connection is refused would wait longer and longer before it tries again.
    if not is_listening(server.port):
        return False
    try:
        metadata = AdminClient({"bootstrap.servers": server.brokers, "log_level": 0}).list_topics(timeout=1)
    except KafkaException:
        return False
    # Another platform's Kafka may have taken the port after we chose it, and would answer, too.
    return bool(metadata.brokers) and metadata.cluster_id == _cluster_id(directory)


def _cluster_id(directory: Path) -> str:
    lines = (directory / "data" / "meta.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]
