"""Log rotation bounds the log files while processes keep writing to them."""

from pathlib import Path

import pytest

from event_platform.local.supervisor import log_rotation


def test_a_large_log_is_truncated_under_its_writer(tmp_path: Path) -> None:
    """A process keeps its open file; its next line stands at the start of the truncated file."""
    log = tmp_path / "ingest.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 2_000)
        log_rotation.rotate(tmp_path, limit_bytes=1_000)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "ingest.log.1").stat().st_size == 2_000


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing is truncated below the limit."""
    (tmp_path / "ingest.log").write_bytes(b"short\n")
    log_rotation.rotate(tmp_path, limit_bytes=1_000)
    assert [path.name for path in tmp_path.iterdir()] == ["ingest.log"]


def test_a_log_that_cannot_be_copied_does_not_affect_others(tmp_path: Path) -> None:
    """The failure is raised, no partial copy is left, and the next rotation tries again."""
    for name in ("admin", "ingest", "kafka"):
        (tmp_path / f"{name}.log").write_bytes(b"x" * 1_500)
    (tmp_path / "ingest.log.1").mkdir()
    with pytest.raises(OSError, match=r"ingest\.log\.1"):
        log_rotation.rotate(tmp_path, limit_bytes=1_000)
    sizes = {log.stem: log.stat().st_size for log in tmp_path.glob("*.log")}
    assert sizes == {"admin": 0, "ingest": 1_500, "kafka": 0}
    (tmp_path / "ingest.log.1").rmdir()
    log_rotation.rotate(tmp_path, limit_bytes=1_000)
    assert (tmp_path / "ingest.log").stat().st_size == 0


def test_a_log_stays_bounded_although_it_cannot_be_copied(tmp_path: Path) -> None:
    """It is truncated without a copy once it takes as much space as both files may."""
    (tmp_path / "ingest.log").write_bytes(b"x" * 2_001)
    (tmp_path / "ingest.log.1").mkdir()
    log_rotation.rotate(tmp_path, limit_bytes=1_000)
    assert (tmp_path / "ingest.log").stat().st_size == 0


def test_rotation_ignores_what_is_not_a_regular_file(tmp_path: Path) -> None:
    """Directories, devices and dangling links with the name of a log file are left alone."""
    (tmp_path / "kafka.log").mkdir()
    (tmp_path / "redis.log").symlink_to("/dev/full")
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    log_rotation.rotate(tmp_path, limit_bytes=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gone.log", "kafka.log", "redis.log"]
