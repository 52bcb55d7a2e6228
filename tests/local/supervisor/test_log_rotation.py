"""Log rotation bounds the log files while processes keep writing to them."""

from pathlib import Path

import pytest

from event_platform.local.supervisor import log_rotation


def test_a_large_log_is_cut_and_its_writer_goes_on(tmp_path: Path) -> None:
    """A process keeps its open file; what it writes next stands at the start of the emptied file."""
    log = tmp_path / "ingest.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 2_000)
        log_rotation.rotate(tmp_path, limit_bytes=1_000)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "ingest.log.1").stat().st_size == 2_000


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing is cut before the limit."""
    (tmp_path / "ingest.log").write_bytes(b"short\n")
    log_rotation.rotate(tmp_path, limit_bytes=1_000)
    assert [path.name for path in tmp_path.iterdir()] == ["ingest.log"]


def test_a_log_that_cannot_be_copied_does_not_keep_others(tmp_path: Path) -> None:
    """That is said, and its copy is not left half made; it is tried again the next time."""
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


def test_a_log_stays_bounded_though_nothing_can_be_copied(tmp_path: Path) -> None:
    """It is emptied without a copy when it takes as much room as both may."""
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
