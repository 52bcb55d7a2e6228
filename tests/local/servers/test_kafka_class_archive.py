"""Java loads Kafka's classes from a class archive; without one Kafka runs as well."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
from tests.fixtures.servers import RunningServers

from event_platform.local.servers import java, kafka_class_archive, kafka_jars
from event_platform.local.servers.kafka_class_archive import JvmConfiguration
from event_platform.local.state_dir import directory

CLASS = "org.slf4j.event.Level"


@dataclass
class Maker:
    """Finds or creates the archive for a class path of one jar, in a directory of the test's own."""

    folder: Path
    run: JvmConfiguration
    reported: list[str] = field(default_factory=list)

    def archive(self) -> Path | None:
        """What `kafka_class_archive.find_or_create` returns."""
        self.reported.clear()
        return kafka_class_archive.find_or_create(self.folder, self.run, self.reported.append)

    def archives(self) -> list[Path]:
        """All archives in the directory."""
        return sorted(self.folder.glob("*.jsa"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """The archive exists already."""
    folder = tmp_path_factory.mktemp("classes")
    here = directory.locate(folder)
    listed = kafka_jars.fetch(here.cache_directory(), print)
    logging = next(jar for jar in listed if jar.name.startswith("slf4j-api"))
    jar = Path(shutil.copy(logging, folder))
    maker = Maker(folder, JvmConfiguration(java.find_java(here), ("-XX:+UseSerialGC", "-Xmx64m"), (jar,)))
    assert maker.archive(), maker.reported
    return maker


@pytest.fixture
def maker(made: Maker, tmp_path: Path) -> Maker:
    """A copy of the directory, with the file dates that Java compares."""
    folder = Path(shutil.copytree(made.folder, tmp_path / "copy"))
    # The class path stays: Java would refuse the archive for another one.
    return Maker(folder, made.run)


def java_that(folder: Path, script: str) -> Path:
    """A shell script in place of Java."""
    program = folder / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def class_sources(run: JvmConfiguration, archive: Path) -> str:
    """Java's log of where it loads each class from."""
    options = (f"-XX:SharedArchiveFile={archive}", "-Xlog:class+load:stdout", "-cp", run.class_path)
    command = (str(run.java), *run.options, *options, CLASS)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def test_concurrent_starts_create_one_archive(maker: Maker) -> None:
    """The others wait for it."""
    [first] = maker.archives()
    first.unlink()
    makers = [Maker(maker.folder, maker.run) for _ in range(3)]
    with ThreadPoolExecutor(len(makers)) as pool:
        found = set(pool.map(Maker.archive, makers))
    assert found == set(maker.archives())
    assert sum(len(each.reported) for each in makers) == 1


def test_java_loads_classes_from_the_archive(maker: Maker) -> None:
    """The archive is valid for this Java, these options and this class path."""
    archive = maker.archive()
    assert archive
    assert f"{CLASS} source: shared objects file" in class_sources(maker.run, archive)


def test_the_archive_is_created_once(maker: Maker) -> None:
    """The second call finds it."""
    [archive] = maker.archives()
    assert maker.archive() == archive
    assert maker.reported == []


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_archive_is_replaced(maker: Maker, damage: str) -> None:
    """Java 17 would crash on it."""
    [archive] = maker.archives()
    contents = archive.read_bytes()
    archive.chmod(0o600)
    archive.write_bytes(contents[:-5_000] if damage == "cut off" else contents[:-1] + bytes([contents[-1] ^ 1]))
    anew = maker.archive()
    assert anew
    assert anew.stem.endswith(kafka_jars.sha256(anew))
    assert f"{CLASS} source: shared objects file" in class_sources(maker.run, anew)


@pytest.mark.parametrize("other", ["java", "options", "jars"])
def test_a_changed_configuration_gets_an_archive_of_its_own(maker: Maker, tmp_path: Path, other: str) -> None:
    """An archive is valid for the Java, options and jars it was made from, and for nothing else."""
    [first] = maker.archives()
    if other == "java":
        maker.run = replace(maker.run, java=java_that(tmp_path, f'exec "{maker.run.java}" "$@"'))
    elif other == "options":
        maker.run = replace(maker.run, options=("-XX:+UseSerialGC", "-Xmx128m"))
    else:
        jar = Path(shutil.copy(maker.run.jars[0], maker.folder))
        os.utime(jar, (1, 1))
        maker.run = replace(maker.run, jars=(jar,))
    second = maker.archive()
    assert second
    assert second != first
    assert f"{CLASS} source: shared objects file" in class_sources(maker.run, second)


def test_the_three_archives_used_last_are_kept(maker: Maker) -> None:
    """Archives of a Java that was replaced are removed."""
    [used] = maker.archives()
    others = [maker.folder / f"classes-other-{number}.jsa" for number in range(3)]
    for age, path in enumerate([*others, used], 1):
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert maker.archive() == used
    assert set(maker.archives()) == {used, *others[:2]}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'no classes are shared here' >&2; exit 1", "no classes are shared here"),
        ("kill -KILL $$", "prepared: Java exited with SIGKILL"),
        ("exit 0", "prepared: Java was stopped"),
    ],
)
def test_a_java_that_cannot_create_an_archive_is_tolerated(
    maker: Maker, tmp_path: Path, script: str, reason: str
) -> None:
    """The reason is reported, and no file is left of the attempt."""
    maker.run = replace(maker.run, java=java_that(tmp_path, script))
    before = set(maker.folder.iterdir())
    assert maker.archive() is None
    assert reason in maker.reported[-1]
    assert set(maker.folder.iterdir()) == before


def test_creating_an_archive_has_a_deadline(maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start never hangs on it."""
    monkeypatch.setattr(kafka_class_archive, "_TIMEOUT_SECONDS", 0.2)
    maker.run = replace(maker.run, java=java_that(tmp_path, "exec sleep 600"))
    assert maker.archive() is None
    assert "was not done after 0.2 s" in maker.reported[-1]


def test_a_read_only_cache_is_tolerated(maker: Maker) -> None:
    """Another user may have filled it, or the disk may be full."""
    maker.folder = maker.folder / "is not there"
    assert maker.archive() is None
    assert "could not be prepared" in maker.reported[-1]


def test_the_local_kafka_runs_with_the_archive(servers: RunningServers) -> None:
    """The archive is mapped into its memory, whatever Java this machine has."""
    mapped = {Path(region.path) for region in psutil.Process(servers.pid("kafka")).memory_maps()}
    assert [path for path in mapped if path.match(f"kafka-{kafka_jars.VERSION}/classes-*.jsa")]
