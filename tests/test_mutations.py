"""What is broken on purpose fits the code of today, and who breaks it sees what its tests say."""

import re
from pathlib import Path

import pytest
from scripts import mutation_page, mutation_rows, mutations
from scripts.mutation_rows import Edit, Mutation, Section

ROOT = Path(__file__).parents[1]
SECTIONS = mutation_rows.read()
ALL = [mutation for section in SECTIONS for mutation in section.mutations]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: f"{mutation.fault}: {mutation.broken}")
def test_mutation_fits_the_code(mutation: Mutation) -> None:
    """Each of its edits changes a text that stands there once, and its tests are there."""
    texts = {edit.file: (ROOT / edit.file).read_text("utf-8") for edit in mutation.edits}
    before = dict(texts)
    for edit in mutation.edits:
        texts[edit.file] = edit.made_in(texts[edit.file])
    assert mutation.edits
    assert all(texts[file] != before[file] for file in texts)
    for test in mutation.tests:
        path, _, name = test.partition("::")
        assert not name or re.search(rf"def {name.partition('[')[0]}\(", (ROOT / path).read_text("utf-8")), test


def test_page_is_committed_as_made() -> None:
    """`python -m scripts.mutations --write` would change nothing."""
    page = mutation_page.PAGE.read_text("utf-8")
    assert mutation_page.written(page, SECTIONS) == page
    assert set(re.findall(r"<!-- mutations: (\w+) -->", page)) == {section.name for section in SECTIONS}


def row(fault: str, broken: str, test: str = "tests/test_it.py") -> Mutation:
    """One that edits a file of the fixture `tree`."""
    return Mutation(fault, broken, "as it should", (test,), (Edit("subject.py", "True", "False"),))


def test_what_a_row_shares_with_the_one_before_is_left_out() -> None:
    """The fault is named once, and the test once for a fault; what stood there before is replaced."""
    section = Section("one", (row("a", "x"), row("a", "y"), row("a", "z", "tests/other.py::test"), row("b", "x")))
    page = "before\n<!-- mutations: one -->\n\n| old |\n\nafter\n"
    written = mutation_page.written(page, [section])
    assert written.splitlines()[5:9] == [
        "| a | `test_it.py` | x | as it should |",
        "| | | y | as it should |",
        "| | `other.py` | z | as it should |",
        "| b | `test_it.py` | x | as it should |",
    ]
    assert written.startswith("before\n")
    assert written.endswith("|\n\nafter\n")
    assert mutation_page.written(written, [section]) == written


def test_section_without_a_mark_is_an_error() -> None:
    """A file of mutations that the page does not show is not passed over."""
    with pytest.raises(ValueError, match="0 marks of one"):
        mutation_page.written("nothing", [Section("one", ())])


def test_words_choose() -> None:
    """All of them must occur, wherever, in whichever case."""
    section = Section("redis", (row("A lease", "x"), row("a claim", "y")))
    assert section.having(["LEASE", "test_it"]) == [section.mutations[0]]
    assert section.having(["redis"]) == list(section.mutations)
    assert section.having(["lease", "y of"]) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one module with one test that sees what it says, and one that does not."""
    (tmp_path / "subject.py").write_text("WORD = True\n")
    (tmp_path / "test_seeing.py").write_text("from subject import WORD\n\ndef test():\n    assert WORD is True\n")
    (tmp_path / "test_blind.py").write_text("def test():\n    assert True\n")
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n")
    return tmp_path


@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        ("test_seeing.py", "True, assert False is True"),
        ("test_blind.py", "False, exit status 0"),
        ("test_broken.py", "False, collection failure"),
        ("test_missing.py", "False, exit status 4"),
    ],
)
def test_only_a_test_that_failed_has_seen_it(
    tree: Path, tmp_path_factory: pytest.TempPathFactory, test: str, verdict: str
) -> None:
    """Tests that pass, cannot be imported or are not there prove nothing; and the tree is as before."""
    found = mutations.judge(row("a", "x", test), tree, tmp_path_factory.mktemp("logs") / "pytest.log")
    assert f"{found.is_red}, {found.reason}".startswith(verdict)
    assert (tree / "subject.py").read_text() == "WORD = True\n"


def test_a_mutation_that_fits_nothing_has_not_been_seen(tree: Path, tmp_path: Path) -> None:
    """It is told like any other, and the next ones are tried."""
    (tree / "subject.py").write_text("")
    found = mutations.judge(row("a", "x"), tree, tmp_path / "pytest.log")
    assert not found.is_red
    assert found.reason.startswith("subject.py: this stands there 0 times")


@pytest.mark.parametrize("text", ["", "True True"])
def test_text_that_does_not_stand_there_once_is_an_error(text: str) -> None:
    """So that a mutation which breaks something else, or nothing, is noticed."""
    with pytest.raises(ValueError, match="instead of once"):
        Edit("subject.py", "True", "False").made_in(text)
