"""Logs: one JSON object per line on standard error, from the platform and its libraries alike."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from event_platform.core.settings.loading import load
from event_platform.core.telemetry import configure, get_logger

Lines = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Restore the logging configuration of the process."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    configured = structlog.get_config()
    yield
    structlog.configure(**configured)
    root.handlers, root.level = handlers, level


def written(capsys: Lines) -> list[dict[str, Any]]:
    """Return the parsed lines on standard error."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_line_names_service_module_level_and_time(capsys: Lines) -> None:
    """Each line can be filtered by origin and level."""
    configure(load(_env_file=None, log_format="json"), "ingest")
    get_logger("here").warning("something", offset=7)
    [line] = written(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "something", "offset": 7, "service": "ingest", "module": "here", "level": "warning"}


def test_line_of_another_thread_names_the_service(capsys: Lines) -> None:
    """Lines from the thread of a client library have the service as well."""
    configure(load(_env_file=None, log_format="json"), "processor")
    log = get_logger("here")
    thread = threading.Thread(target=lambda: log.info("from a thread"))
    thread.start()
    thread.join()
    assert written(capsys)[0]["service"] == "processor"


def test_lines_below_the_level_are_not_written(capsys: Lines) -> None:
    """`LOG_LEVEL` is the lowest level that is written."""
    configure(load(_env_file=None, log_format="json", log_level="warning"), "ingest")
    log = get_logger("here")
    log.info("quiet")
    log.error("loud")
    assert [line["event"] for line in written(capsys)] == ["loud"]


def test_exceptions_stay_on_one_line(capsys: Lines) -> None:
    """A traceback is a field of its line, so one event is one line."""
    configure(load(_env_file=None, log_format="json"), "ingest")
    try:
        int("why")
    except ValueError:
        get_logger("here").exception("failed")
    [line] = written(capsys)
    assert line["level"] == "error"
    assert "ValueError: invalid literal" in line["exception"]


def test_libraries_write_the_same_format(capsys: Lines) -> None:
    """A library's error has the same fields as the platform's own; lines below WARNING are not written."""
    configure(load(_env_file=None, log_format="json"), "admin")
    logging.getLogger("uvicorn.error").info("chatter")
    logging.getLogger("uvicorn.error").error("bad %s", "thing")
    [line] = written(capsys)
    assert (line["event"], line["logger"], line["level"], line["service"]) == (
        "bad thing",
        "uvicorn.error",
        "error",
        "admin",
    )


_LOGS_TO_A_FULL_DISK = """
import logging
from event_platform.core.settings.loading import load
from event_platform.core.telemetry import configure, get_logger

configure(load(_env_file=None), "ingest")
for number in range(10_000):
    get_logger("here").error("a line", number=number)
logging.getLogger("library").error("another line")
print("went on")
"""


def test_full_disk_does_not_stop_the_process(tmp_path: Path) -> None:
    """A line that cannot be written is dropped; the process continues."""
    with Path("/dev/full").open("w") as full:
        command = (sys.executable, "-c", _LOGS_TO_A_FULL_DISK)
        done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"


def test_console_format_has_no_colour_in_a_file(capsys: Lines) -> None:
    """The console format is plain text if standard error is no terminal."""
    configure(load(_env_file=None, log_format="console"), "ingest")
    get_logger("here").info("hello", size=3)
    text = capsys.readouterr().err
    assert "hello" in text
    assert "size=3" in text
    assert "\x1b" not in text
