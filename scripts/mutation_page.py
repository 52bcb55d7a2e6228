"""The tables of ``docs/guarantees.md`` that say what was broken on purpose, made from ``tests/mutations/*.toml``."""

import re
from itertools import pairwise
from pathlib import Path

from scripts.mutation_rows import Mutation, Section

PAGE = Path(__file__).parents[1] / "docs" / "guarantees.md"

_Cells = tuple[str, str, str, str]

_HEAD = "| fault | test | broken on purpose | how it failed |\n|---|---|---|---|\n"


def written(page: str, sections: list[Section]) -> str:
    """The page with the table of each section after its mark, ``<!-- mutations: NAME -->``.

    Raises:
        ValueError: The page has no such mark, or more than one.
    """
    for section in sections:
        page = _with_table(page, section)
    return page


def _with_table(page: str, section: Section) -> str:
    mark = f"<!-- mutations: {section.name} -->\n"
    before, *rest = page.split(mark)
    if len(rest) != 1:
        raise ValueError(f"the page has {len(rest)} marks of {section.name} instead of one")
    after = re.sub(r"\A\n*(?:\|.*\n)*\n*", "", rest[0])
    return f"{before}{mark}\n{_table(section)}" + (f"\n{after}" if after else "")


def _table(section: Section) -> str:
    cells = [(each.fault, _test(each), each.broken, each.failed) for each in section.mutations]
    return _HEAD + "".join(_row(before, row) for before, row in pairwise([("", "", "", ""), *cells]))


def _row(before: _Cells, row: _Cells) -> str:
    """Fault and test are left out where they are those of the row before."""
    (fault, test), was = row[:2], before[:2]
    shown = ("" if fault == was[0] else fault, "" if (fault, test) == was else test, *row[2:])
    return "".join(f"| {cell} " if cell else "| " for cell in shown) + "|\n"


def _test(mutation: Mutation) -> str:
    files = dict.fromkeys(test.partition("::")[0] for test in mutation.tests)
    named = ", ".join(f"`{file.removeprefix('tests/')}`" for file in files)
    return f"{named} (long)" if mutation.is_long else named
