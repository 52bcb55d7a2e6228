"""What a run of tests left behind: JUnit's XML of each part, and a folder of logs for each failed test."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

FAILED = Path(".build/failed")
"""A folder for each failed test: `tests/fixtures/failed_tests.py` writes them."""

TESTS_FAILED = 1
"""Exit status of pytest and vitest where tests failed and nothing else was wrong."""

_NAME_CHARACTERS = 150
_MESSAGE_CHARACTERS = 110


@dataclass(frozen=True)
class Failure:
    """A failed test of a part.

    Attributes:
        part: Which part of the tests it belongs to.
        test: Its name, as its own tool prints it.
        message: The first line of what went wrong.
        logs: Where the logs of what it used are kept, if it used anything.
    """

    part: str
    test: str
    message: str
    logs: Path | None

    def __str__(self) -> str:
        lines = [f"{self.part}: {self.test}", f"    {self.message}", *([f"    {self.logs}/"] if self.logs else [])]
        return "\n".join(lines)


def failures(folder: Path) -> list[Failure]:
    """All that the XML files in ``folder`` tell, each file named after its part."""
    return [failure for path in sorted(folder.glob("*.xml")) for failure in _of_part(path)]


def count(folder: Path) -> int:
    """How many tests ran."""
    return sum(1 for path in folder.glob("*.xml") for _ in _cases(path))


def _of_part(path: Path) -> Iterator[Failure]:
    for case in _cases(path):
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if problem is not None:
            yield _failure(path.stem, case, problem.get("message") or problem.text or "")


def _cases(path: Path) -> Iterator[ET.Element]:
    """Its test cases; one that failed where the file was cut off, as by a full disk or a killed process."""
    try:
        yield from ET.parse(path).iter("testcase")  # noqa: S314 - our own files
    except ET.ParseError as error:
        case = ET.Element("testcase", {"classname": str(path), "name": "is cut off"})
        ET.SubElement(case, "error", {"message": str(error)})
        yield case


def _failure(part: str, case: ET.Element, message: str) -> Failure:
    place, name = case.get("classname", ""), case.get("name", "")
    logs = Path(os.environ.get("TEST_FAILED", FAILED)) / folder_name(f"{place}.{name}")
    first_line = next(iter(message.strip().splitlines()), "")[:_MESSAGE_CHARACTERS]
    return Failure(part, f"{place} {name}", first_line, logs if logs.exists() else None)


def folder_name(test: str) -> str:
    """The folder of a test that is named by its module, a dot, and its own name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-")[:_NAME_CHARACTERS]
