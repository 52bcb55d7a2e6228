"""Log files can be read and followed while they are rotated."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.local.cli import log_viewer


def test_only_regular_files_are_logs(tmp_path: Path) -> None:
    """A directory, a device or a dangling link of such a name is ignored."""
    (tmp_path / "kafka.log").mkdir()
    (tmp_path / "redis.log").symlink_to("/dev/full")
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    assert log_viewer.names(tmp_path) == []
    assert log_viewer.last_lines(tmp_path, "kafka") == []


def test_the_end_of_a_log_is_whole_lines(tmp_path: Path) -> None:
    """However long the log is."""
    (tmp_path / "kafka.log").write_text("".join(f"line {number}\n" for number in range(10_000)))
    shown = log_viewer.last_lines(tmp_path, "kafka")
    assert shown == [f"line {number}" for number in range(10_000 - len(shown), 10_000)]
    assert 8_000 < len("\n".join(shown)) < 8_192


@pytest.mark.timeout(DEADLINE_SECONDS)
def test_no_line_is_lost_between_the_end_and_following(tmp_path: Path) -> None:
    """A line written while the end is shown comes next, once; half a line comes when it is complete."""
    log = tmp_path / "kafka.log"
    log.write_text("first\nsec")
    shown = log_viewer.follow(tmp_path, ["kafka"])
    assert next(shown) == ("kafka", "first")
    with log.open("a") as writer:
        writer.write("ond\nthird\n")
    assert [next(shown), next(shown)] == [("kafka", "second"), ("kafka", "third")]


def test_following_survives_truncation(tmp_path: Path) -> None:
    """New lines come once each, before and after the truncation; half a line waits for its end."""
    log = tmp_path / "admin.log"
    log.write_text("old\n")
    follower = log_viewer.LogFollower(log)
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
    """What was shown stays, and the exit status is 0."""
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
