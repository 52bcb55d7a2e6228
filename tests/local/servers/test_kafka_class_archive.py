"""Java finds Kafka's classes in an archive of its own; without one it runs as well."""

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
from event_platform.local.servers.kafka_class_archive import Run
from event_platform.local.state_dir import directory

CLASS = "org.slf4j.event.Level"


@dataclass
class Maker:
    """Finds or makes the archive of a class path of one jar, in a folder of the test's own."""

    folder: Path
    run: Run
    said: list[str] = field(default_factory=list)

    def archive(self) -> Path | None:
        """What `kafka_classes` gives."""
        self.said.clear()
        return kafka_class_archive.find_or_make(self.folder, self.run, self.said.append)

    def archives(self) -> list[Path]:
        """All that lie there."""
        return sorted(self.folder.glob("*.jsa"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """The archive is made already."""
    folder = tmp_path_factory.mktemp("classes")
    here = directory.find(folder)
    listed = kafka_jars.fetch(here.cache(), print)
    logging = next(jar for jar in listed if jar.name.startswith("slf4j-api"))
    jar = Path(shutil.copy(logging, folder))
    maker = Maker(folder, Run(java.find(here), ("-XX:+UseSerialGC", "-Xmx64m"), (jar,)))
    assert maker.archive(), maker.said
    return maker


@pytest.fixture
def maker(made: Maker, tmp_path: Path) -> Maker:
    """A copy, with the dates that Java looks at."""
    folder = Path(shutil.copytree(made.folder, tmp_path / "copy"))
    # The class path stays: Java would refuse the archive for another one.
    return Maker(folder, made.run)


def java_that(folder: Path, script: str) -> Path:
    """Another program in the place of Java."""
    program = folder / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def sources(run: Run, archive: Path) -> str:
    """Where Java finds the classes that it needs to look at one of the jar's."""
    options = (f"-XX:SharedArchiveFile={archive}", "-Xlog:class+load:stdout", "-cp", run.class_path)
    command = (str(run.java), *run.options, *options, CLASS)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def test_those_who_start_at_once_make_one(maker: Maker) -> None:
    """The others wait for it."""
    [first] = maker.archives()
    first.unlink()
    makers = [Maker(maker.folder, maker.run) for _ in range(3)]
    with ThreadPoolExecutor(len(makers)) as pool:
        found = set(pool.map(Maker.archive, makers))
    assert found == set(maker.archives())
    assert sum(len(each.said) for each in makers) == 1


def test_java_takes_the_classes_from_it(maker: Maker) -> None:
    """It is made for this Java, these options and this class path."""
    archive = maker.archive()
    assert archive
    assert f"{CLASS} source: shared objects file" in sources(maker.run, archive)


def test_it_is_made_once(maker: Maker) -> None:
    """A second time only says where it is."""
    [archive] = maker.archives()
    assert maker.archive() == archive
    assert maker.said == []


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_one_is_made_anew(maker: Maker, damage: str) -> None:
    """Java 17 would crash on it."""
    [archive] = maker.archives()
    contents = archive.read_bytes()
    archive.chmod(0o600)
    archive.write_bytes(contents[:-5_000] if damage == "cut off" else contents[:-1] + bytes([contents[-1] ^ 1]))
    anew = maker.archive()
    assert anew
    assert anew.stem.endswith(kafka_jars.sha256(anew))
    assert f"{CLASS} source: shared objects file" in sources(maker.run, anew)


@pytest.mark.parametrize("other", ["java", "options", "jars"])
def test_what_changed_gets_one_of_its_own(maker: Maker, tmp_path: Path, other: str) -> None:
    """An archive serves what it was made from, and nothing else."""
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
    assert f"{CLASS} source: shared objects file" in sources(maker.run, second)


def test_the_three_used_last_are_kept(maker: Maker) -> None:
    """A Java that was replaced leaves nothing behind for ever."""
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
        ("kill -KILL $$", "prepared: Java ended with SIGKILL"),
        ("exit 0", "prepared: Java was stopped"),
    ],
)
def test_a_java_that_makes_none_is_no_obstacle(maker: Maker, tmp_path: Path, script: str, reason: str) -> None:
    """The reason is said, and nothing is left of the attempt."""
    maker.run = replace(maker.run, java=java_that(tmp_path, script))
    before = set(maker.folder.iterdir())
    assert maker.archive() is None
    assert reason in maker.said[-1]
    assert set(maker.folder.iterdir()) == before


def test_one_that_takes_too_long_is_given_up(maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start never hangs on it."""
    monkeypatch.setattr(kafka_class_archive, "_TIMEOUT_SECONDS", 0.2)
    maker.run = replace(maker.run, java=java_that(tmp_path, "exec sleep 600"))
    assert maker.archive() is None
    assert "was not done after 0.2 s" in maker.said[-1]


def test_a_cache_that_cannot_be_written_is_no_obstacle(maker: Maker) -> None:
    """Somebody else may have filled it, or the disk may be full."""
    maker.folder = maker.folder / "is not there"
    assert maker.archive() is None
    assert "could not be prepared" in maker.said[-1]


def test_our_kafka_runs_with_it(servers: RunningServers) -> None:
    """The classes are mapped into its memory, whatever Java this machine has."""
    mapped = {Path(region.path) for region in psutil.Process(servers.pid("kafka")).memory_maps()}
    assert [path for path in mapped if path.match(f"kafka-{kafka_jars.VERSION}/classes-*.jsa")]
