"""Renders the tables of mutations in ``docs/guarantees.md`` from ``tests/mutations/*.toml``."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from scripts.mutation_definitions import Mutation, Section

PAGE: Final = Path(__file__).parents[1] / "docs" / "guarantees.md"

_Cells = tuple[str, str, str, str]

_HEAD: Final = "| fault | test | broken on purpose | how it failed |\n|---|---|---|---|\n"


def render(page: str, sections: list[Section]) -> str:
    """Return the page with each section's table after its marker, ``<!-- mutations: NAME -->``.

    Raises:
        ValueError: The page does not have exactly one such marker.
    """
    for section in sections:
        page = _with_table(page, section)
    return page


def _with_table(page: str, section: Section) -> str:
    marker = f"<!-- mutations: {section.name} -->\n"
    before, *rest = page.split(marker)
    if len(rest) != 1:
        raise ValueError(f"the page has {len(rest)} markers of {section.name} instead of one")
    after = re.sub(r"\A\n*(?:\|.*\n)*\n*", "", rest[0])
    return f"{before}{marker}\n{_table(section)}" + (f"\n{after}" if after else "")


def _table(section: Section) -> str:
    cells = [(each.fault, _test(each), each.broken, each.failed) for each in section.mutations]
    return _HEAD + "".join(_row(before, row) for before, row in pairwise([("", "", "", ""), *cells]))


def _row(before: _Cells, row: _Cells) -> str:
    """Leave out fault and test if they are those of the row before."""
    (fault, test), previous = row[:2], before[:2]
    shown = ("" if fault == previous[0] else fault, "" if (fault, test) == previous else test, *row[2:])
    return "".join(f"| {cell} " if cell else "| " for cell in shown) + "|\n"


def _test(mutation: Mutation) -> str:
    files = dict.fromkeys(test.partition("::")[0] for test in mutation.tests)
    named = ", ".join(f"`{file.removeprefix('tests/')}`" for file in files)
    return f"{named} (long)" if mutation.is_long else named
