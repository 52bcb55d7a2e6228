"""Kafka's jars reach the cache complete and unchanged, or not at all."""

import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jgo.maven import _core

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.servers import kafka_jars
from event_platform.local.servers.kafka_jars import Jar

CONTENTS = {f"part{number}": f"contents of {number}".encode() * 1_000 for number in range(3)}
JARS = tuple(Jar("org.example", name, "1.0", hashlib.sha256(text).hexdigest()) for name, text in CONTENTS.items())


@dataclass
class Repository:
    """A Maven repository on loopback that can be made to fail."""

    cut: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    served: list[str] = field(default_factory=list)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Send the jar, half of it, or other bytes."""
        artifact = request.path.split("/")[-3]
        if artifact not in CONTENTS or request.path.endswith(".sha1"):
            request.send_error(404)
            return
        self.served.append(artifact)
        text = CONTENTS[artifact] if artifact not in self.changed else b"something else"
        request.send_response(200)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text[: len(text) // 2] if artifact in self.cut else text)


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The only repository that is asked."""
    made = Repository()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setattr(_core, "DEFAULT_REMOTE_REPOS", {"test": f"http://127.0.0.1:{server.server_port}"})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[[], list[Path]]:
    """Fetch the three jars into a cache of the test's own."""
    return lambda: kafka_jars.fetch(tmp_path, lambda _line: None, JARS)


def test_all_jars_are_fetched_once(repository: Repository, fetch: Callable[[], list[Path]]) -> None:
    """The second time needs no network."""
    assert [path.read_bytes() for path in fetch()] == list(CONTENTS.values())
    assert len(repository.served) == 3
    fetch()
    assert len(repository.served) == 3


def test_an_interrupted_download_is_resumed(repository: Repository, fetch: Callable[[], list[Path]]) -> None:
    """One sentence now; the next attempt fetches only what is missing."""
    repository.cut = {"part1"}
    with pytest.raises(UnavailableError, match=r"part1-1\.0\.jar .*could not be fetched.*try again"):
        fetch()
    repository.cut.clear()
    repository.served.clear()
    assert len(fetch()) == 3
    assert repository.served == ["part1"]


def test_a_wrong_jar_is_refused(repository: Repository, fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    """A file with another checksum never reaches the cache."""
    repository.changed = {"part2"}
    with pytest.raises(ConfigurationError, match=r"part2-1\.0\.jar was refused"):
        fetch()
    assert not list(tmp_path.rglob("part2*"))


def test_a_jar_damaged_in_the_cache_is_fetched_again(repository: Repository, fetch: Callable[[], list[Path]]) -> None:
    """It is never run."""
    fetch()[0].write_bytes(b"damaged")
    repository.served.clear()
    assert fetch()[0].read_bytes() == CONTENTS["part0"]
    assert repository.served == ["part0"]


def test_leftovers_of_a_killed_download_are_removed(
    repository: Repository, fetch: Callable[[], list[Path]], tmp_path: Path
) -> None:
    """After an hour; a younger directory may still be in use."""
    folder = tmp_path / f"kafka-{kafka_jars.VERSION}"
    for name in ("unfinished-old", "unfinished-new"):
        (folder / name).mkdir(parents=True)
    os.utime(folder / "unfinished-old", (0, 0))
    fetch()
    assert repository.served
    assert not (folder / "unfinished-old").exists()
    assert (folder / "unfinished-new").exists()


def test_offline_the_error_names_what_is_missing(
    fetch: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence that names an alternative, and nothing left in the cache."""
    monkeypatch.setattr(_core, "DEFAULT_REMOTE_REPOS", {"test": "http://127.0.0.1:9"})
    with pytest.raises(UnavailableError, match="docker compose"):
        fetch()
    assert not list(tmp_path.rglob("*.jar"))


def test_the_list_is_complete() -> None:
    """92 jars, each with a SHA-256."""
    listed = kafka_jars.required_jars()
    assert len(listed) == 92
    assert all(len(jar.sha256) == 64 for jar in listed)
    assert len({jar.file_name for jar in listed}) == 92
