"""The tables of ``docs/guarantees.md`` that say what was broken on purpose, made from ``tests/mutations/*.toml``."""

import re
from itertools import pairwise
from pathlib import Path

from scripts.mutation_rows import Mutation, Section

PAGE = Path(__file__).parents[1] / "docs" / "guarantees.md"

_HEAD = "| fault | test | broken on purpose | how it failed |\n|---|---|---|---|\n"


def written(page: str, sections: list[Section]) -> str:
    """The page with the table of each section after its mark, ``<!-- mutations: NAME -->``.

    Raises:
        ValueError: The page has no such mark, or more than one.
    """
    for section in sections:
        mark = f"<!-- mutations: {section.name} -->\n"
        table = f"{mark}\n{_table(section)}"
        page, times = re.subn(rf"{re.escape(mark)}\n?(?:\|.*\n)*", lambda _, table=table: table, page)
        if times != 1:
            raise ValueError(f"the page has {times} marks of {section.name} instead of one")
    return page


def _table(section: Section) -> str:
    rows = [None, *section.mutations]
    return _HEAD + "".join(_row(before, mutation) for before, mutation in pairwise(rows) if mutation)


def _row(before: Mutation | None, mutation: Mutation) -> str:
    is_same = before is not None and before.fault == mutation.fault
    test = _test(mutation)
    cells = ["" if is_same else mutation.fault, "" if is_same and before and _test(before) == test else test]
    return f"| {' | '.join([*cells, mutation.broken, mutation.failed])} |\n".replace("|  |", "| |")


def _test(mutation: Mutation) -> str:
    files = dict.fromkeys(test.partition("::")[0] for test in mutation.tests)
    named = ", ".join(f"`{file.removeprefix('tests/')}`" for file in files)
    return f"{named} (long)" if mutation.is_long else named
