"""Reads the results of a test run: JUnit XML per part, and a folder of logs per failed test."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

FAILED: Final = Path(".build/failed")
"""Contains a folder per failed test, written by `tests/fixtures/failed_tests.py`."""

TESTS_FAILED: Final = 1
"""Exit status of pytest and vitest if tests failed and nothing else went wrong."""

_MAX_NAME_CHARACTERS: Final = 150
_MAX_MESSAGE_CHARACTERS: Final = 110


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed test.

    Attributes:
        part: The part of the run that it belongs to.
        test: Its name as its tool prints it.
        message: The first line of the error.
        logs: The folder with the logs of the services it used, if any.
    """

    part: str
    test: str
    message: str
    logs: Path | None

    def __str__(self) -> str:
        lines = [f"{self.part}: {self.test}", f"    {self.message}", *([f"    {self.logs}/"] if self.logs else [])]
        return "\n".join(lines)


def failures(folder: Path) -> list[Failure]:
    """Return the failures in the XML files of ``folder``, each of which has the name of its part."""
    return [failure for path in sorted(folder.glob("*.xml")) for failure in _of_part(path)]


def count(folder: Path) -> int:
    """Return how many tests ran."""
    return sum(1 for path in folder.glob("*.xml") for _ in _cases(path))


def _of_part(path: Path) -> Iterator[Failure]:
    for case in _cases(path):
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if problem is not None:
            yield _failure(path.stem, case, problem.get("message") or problem.text or "")


def _cases(path: Path) -> Iterator[ET.Element]:
    """Yield the test cases, or a failed one if the file is truncated, as by a full disk or a killed process."""
    try:
        yield from ET.parse(path).iter("testcase")  # noqa: S314 - our own files
    except ET.ParseError as error:
        case = ET.Element("testcase", {"classname": str(path), "name": "is truncated"})
        ET.SubElement(case, "error", {"message": str(error)})
        yield case


def _failure(part: str, case: ET.Element, message: str) -> Failure:
    module, name = case.get("classname", ""), case.get("name", "")
    logs = Path(os.environ.get("TEST_FAILED", FAILED)) / folder_name(f"{module}.{name}")
    first_line = next(iter(message.strip().splitlines()), "")[:_MAX_MESSAGE_CHARACTERS]
    return Failure(part, f"{module} {name}", first_line, logs if logs.exists() else None)


def folder_name(test: str) -> str:
    """Return the name of the log folder of ``test``, given as module, dot and name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-")[:_MAX_NAME_CHARACTERS]
