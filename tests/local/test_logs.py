"""Log files are bounded, and can be read and followed while they are cut."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.local import logs


def test_a_large_log_is_cut_and_its_writer_goes_on(tmp_path: Path) -> None:
    """A process keeps its open file; what it writes next stands at the start of the emptied file."""
    log = tmp_path / "ingest.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 2_000)
        logs.rotate(tmp_path, limit_bytes=1_000)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "ingest.log.1").stat().st_size == 2_000


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing is cut before the limit."""
    (tmp_path / "ingest.log").write_bytes(b"short\n")
    logs.rotate(tmp_path, limit_bytes=1_000)
    assert [path.name for path in tmp_path.iterdir()] == ["ingest.log"]


def test_a_log_that_cannot_be_copied_does_not_keep_others(tmp_path: Path) -> None:
    """That is said, and its copy is not left half made; it is tried again the next time."""
    for name in ("admin", "ingest", "kafka"):
        (tmp_path / f"{name}.log").write_bytes(b"x" * 1_500)
    (tmp_path / "ingest.log.1").mkdir()
    with pytest.raises(OSError, match=r"ingest\.log\.1"):
        logs.rotate(tmp_path, limit_bytes=1_000)
    sizes = {log.stem: log.stat().st_size for log in tmp_path.glob("*.log")}
    assert sizes == {"admin": 0, "ingest": 1_500, "kafka": 0}
    (tmp_path / "ingest.log.1").rmdir()
    logs.rotate(tmp_path, limit_bytes=1_000)
    assert (tmp_path / "ingest.log").stat().st_size == 0


def test_a_log_stays_bounded_though_nothing_can_be_copied(tmp_path: Path) -> None:
    """It is emptied without a copy when it takes as much room as both may."""
    (tmp_path / "ingest.log").write_bytes(b"x" * 2_001)
    (tmp_path / "ingest.log.1").mkdir()
    logs.rotate(tmp_path, limit_bytes=1_000)
    assert (tmp_path / "ingest.log").stat().st_size == 0


def test_what_is_no_file_is_no_log(tmp_path: Path) -> None:
    """A folder or a device of such a name is left alone."""
    (tmp_path / "kafka.log").mkdir()
    (tmp_path / "redis.log").symlink_to("/dev/full")
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    logs.rotate(tmp_path, limit_bytes=0)
    assert logs.names(tmp_path) == []
    assert logs.last_lines(tmp_path, "kafka") == []


def test_the_end_of_a_log_is_whole_lines(tmp_path: Path) -> None:
    """However long the log is."""
    (tmp_path / "kafka.log").write_text("".join(f"line {number}\n" for number in range(10_000)))
    shown = logs.last_lines(tmp_path, "kafka")
    assert shown == [f"line {number}" for number in range(10_000 - len(shown), 10_000)]
    assert 8_000 < len("\n".join(shown)) < 8_192


@pytest.mark.timeout(DEADLINE_SECONDS)
def test_nothing_is_missed_between_the_end_and_what_follows(tmp_path: Path) -> None:
    """What is written while the end is shown comes next, once; half a line comes when it is whole."""
    log = tmp_path / "kafka.log"
    log.write_text("first\nsec")
    shown = logs.follow(tmp_path, ["kafka"])
    assert next(shown) == ("kafka", "first")
    with log.open("a") as writer:
        writer.write("ond\nthird\n")
    assert [next(shown), next(shown)] == [("kafka", "second"), ("kafka", "third")]


def test_following_survives_a_cut(tmp_path: Path) -> None:
    """New lines are told once each, before and after the file was emptied; half a line waits for its end."""
    log = tmp_path / "admin.log"
    log.write_text("old\n")
    follower = logs.Follower(log)
    assert follower.new_lines() == []
    with log.open("a") as writer:
        writer.write("first\nhalf")
    assert follower.new_lines() == ["first"]
    with log.open("a") as writer:
        writer.write(" a line\n")
    assert follower.new_lines() == ["half a line"]
    log.write_text("2nd\n")
    assert follower.new_lines() == ["2nd"]


def test_ctrl_c_ends_following_quietly(tmp_path: Path) -> None:
    """What was shown stays; nothing looks like a failure."""
    log, shown = tmp_path / "logs" / "ingest.log", tmp_path / "shown"
    log.parent.mkdir()
    log.write_text("old\n")
    command = (sys.executable, "-m", "event_platform.cli", "logs", "ingest", "-f")
    environment = os.environ | {"EVENT_PLATFORM_HOME": str(tmp_path)}
    # Where the tests run in the background of a shell Ctrl-C is ignored, and the child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with shown.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    signal.signal(signal.SIGINT, before)

    def is_followed() -> bool:
        with log.open("a") as writer:
            writer.write("more\n")
        return "more" in shown.read_text()

    try:
        eventually(is_followed, "what is written to be shown")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    assert shown.read_text().startswith("old\nmore\n")
