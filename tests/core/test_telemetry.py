"""Logs: one JSON object a line on standard error, ours and the libraries' alike."""

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
def untouched_logging() -> Iterator[None]:
    """Leaves the process's logging as it was found."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    configured = structlog.get_config()
    yield
    structlog.configure(**configured)
    root.handlers, root.level = handlers, level


def written(capsys: Lines) -> list[dict[str, Any]]:
    """The lines on standard error, parsed."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_line_names_service_module_level_and_time(capsys: Lines) -> None:
    """Each line can be filtered by where it came from and how grave it is."""
    configure(load(_env_file=None, log_format="json"), "ingest")
    get_logger("here").warning("something", offset=7)
    [line] = written(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "something", "offset": 7, "service": "ingest", "module": "here", "level": "warning"}


def test_threads_name_the_service_too(capsys: Lines) -> None:
    """Lines from a client's own thread carry the service as well."""
    configure(load(_env_file=None, log_format="json"), "processor")
    log = get_logger("here")
    thread = threading.Thread(target=lambda: log.info("from a thread"))
    thread.start()
    thread.join()
    assert written(capsys)[0]["service"] == "processor"


def test_level_is_kept(capsys: Lines) -> None:
    """What is below `LOG_LEVEL` is not written."""
    configure(load(_env_file=None, log_format="json", log_level="warning"), "ingest")
    log = get_logger("here")
    log.info("quiet")
    log.error("loud")
    assert [line["event"] for line in written(capsys)] == ["loud"]


def test_exceptions_stay_on_one_line(capsys: Lines) -> None:
    """A traceback is a field of its line, so that one event stays one line."""
    configure(load(_env_file=None, log_format="json"), "ingest")
    try:
        int("why")
    except ValueError:
        get_logger("here").exception("failed")
    [line] = written(capsys)
    assert line["level"] == "error"
    assert "ValueError: invalid literal" in line["exception"]


def test_libraries_write_the_same_form(capsys: Lines) -> None:
    """A library's warning is a line like ours; its chatter is not written."""
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


def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    """What cannot be written is dropped: no line of a log is worth the process that writes it."""
    with Path("/dev/full").open("w") as full:
        command = (sys.executable, "-c", _LOGS_TO_A_FULL_DISK)
        done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"


def test_console_has_no_colour_in_a_file(capsys: Lines) -> None:
    """The form for people is plain text where standard error is no terminal."""
    configure(load(_env_file=None, log_format="console"), "ingest")
    get_logger("here").info("hello", size=3)
    text = capsys.readouterr().err
    assert "hello" in text
    assert "size=3" in text
    assert "\x1b" not in text
