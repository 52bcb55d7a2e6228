"""A Kafka of our own: one node that is broker and controller (KRaft), run from its jars."""

import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.process.program import Program, run_once, server_environment
from event_platform.local.servers import java, kafka_class_archive, kafka_jars
from event_platform.local.servers.ports import LOOPBACK, answers
from event_platform.local.state_dir.directory import Place

PREFERRED_PORT = 9092

# Paths are relative to the server's own folder: Kafka would split log.dirs at a comma. A broker that was killed may
# register again only after its old session timed out; 9 s by default.
_PROPERTIES = """\
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

# Those that an archive of classes is made for.
_JVM_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Without the second compiler, whose code pays later than a platform on one machine lives: a start takes 40 % less
    # of a core, and a million messages no more.
    "-XX:TieredStopAtLevel=1",
)

_LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
"""


@dataclass(frozen=True)
class KafkaServer:
    """Where a Kafka of ours listens."""

    port: int
    controller_port: int

    @property
    def brokers(self) -> str:
        """For every client."""
        return f"{LOOPBACK}:{self.port}"


def prepare(place: Place, server: KafkaServer, home: Path | None, say: kafka_jars.Say) -> Program:
    """Fetch what is missing, format the storage where there is none, and say how the server is run.

    Args:
        place: Where its data and the cache lie.
        server: Where it shall listen.
        home: An unpacked Kafka to run instead of the fetched one.
        say: Called with what is being fetched.

    Raises:
        ConfigurationError: No Java or no Kafka can be had as things are set.
        UnavailableError: Fetching or formatting failed.
    """
    folder = place.make_folder(place.folder_of("kafka"))
    _write(folder / "server.properties", _PROPERTIES.format(host=LOOPBACK, **vars(server)))
    _write(folder / "log4j2.properties", _LOGGING)
    jvm = _find_jvm(place, home, say)
    program = _program(place, server, folder, jvm)
    if not (folder / "data" / "meta.properties").exists():
        _format(program, folder, jvm)
    return program


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o644)


def check_home(home: Path) -> None:
    """Raise `ConfigurationError` where ``home`` is no unpacked Kafka."""
    if not any((home / "libs").glob("kafka_*.jar")):
        raise ConfigurationError(f"KAFKA_HOME={home}: expected the folder of an unpacked Kafka, with its jars in libs/")


@dataclass(frozen=True)
class _Jvm:
    """A command without its main class, and where Java finds that."""

    command: tuple[str, ...]
    class_path: str


def _find_jvm(place: Place, home: Path | None, say: kafka_jars.Say) -> _Jvm:
    found = java.find(place)
    if home:
        check_home(home)
        return _jvm(found, str(place.reachable(home.absolute(), ("libs",), "given") / "libs" / "*"))
    jars = kafka_jars.fetch(place.cache(), say)
    run = kafka_class_archive.Run(found, _JVM_OPTIONS, tuple(jars))
    return _jvm(found, run.class_path, kafka_class_archive.find_or_make(jars[0].parent, run, say))


def _jvm(found: Path, class_path: str, archive: Path | None = None) -> _Jvm:
    shared = (f"-XX:SharedArchiveFile={archive}",) if archive else ()
    others = ("-XX:+ExitOnOutOfMemoryError", "-Dlog4j2.configurationFile=log4j2.properties", "-Djava.awt.headless=true")
    return _Jvm((str(found), *_JVM_OPTIONS, *shared, *others), class_path)


def _program(place: Place, server: KafkaServer, folder: Path, jvm: _Jvm) -> Program:
    return Program(
        name="kafka",
        command=(*jvm.command, "kafka.Kafka", "server.properties"),
        environment={**server_environment(place.home), "CLASSPATH": jvm.class_path},
        folder=folder,
        log=place.logs / "kafka.log",
        is_ready=lambda: _is_ready(server, folder),
        account=place.account,
    )


def _format(program: Program, folder: Path, jvm: _Jvm) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    options = (f"--cluster-id={cluster}", "--config=server.properties")
    command = (*jvm.command, "kafka.tools.StorageTool", "format", *options)
    done = run_once(program, command)
    if done.returncode != 0:
        raise UnavailableError(f"formatting Kafka's storage in {folder}: {(done.stderr or done.stdout).strip()[-500:]}")


def _is_ready(server: KafkaServer, folder: Path) -> bool:
    # A client that is refused waits longer and longer before it tries again.
    if not answers(server.port):
        return False
    try:
        metadata = AdminClient({"bootstrap.servers": server.brokers, "log_level": 0}).list_topics(timeout=1)
    except KafkaException:
        return False
    # Another platform's Kafka may have taken the port between our choice and the start: its answer is not ours.
    return bool(metadata.brokers) and metadata.cluster_id == _cluster_id(folder)


def _cluster_id(folder: Path) -> str:
    lines = (folder / "data" / "meta.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]
