"""The mutations fit the code, and a run of one reports what its tests say."""

import re
from pathlib import Path

import pytest
from scripts import mutation_definitions, mutation_page, mutations
from scripts.mutation_definitions import Edit, Mutation, Section

ROOT = Path(__file__).parents[1]
SECTIONS = mutation_definitions.read()
ALL = [mutation for section in SECTIONS for mutation in section.mutations]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: f"{mutation.fault}: {mutation.broken}")
def test_mutation_fits_the_code(mutation: Mutation) -> None:
    """Each edit changes a text that occurs exactly once, and the tests exist."""
    texts = {edit.file: (ROOT / edit.file).read_text("utf-8") for edit in mutation.edits}
    before = dict(texts)
    for edit in mutation.edits:
        texts[edit.file] = edit.apply_to(texts[edit.file])
    assert mutation.edits
    assert all(texts[file] != before[file] for file in texts)
    for test in mutation.tests:
        path, _, name = test.partition("::")
        assert not name or re.search(rf"def {name.partition('[')[0]}\(", (ROOT / path).read_text("utf-8")), test


def test_page_is_up_to_date() -> None:
    """`python -m scripts.mutations --write` changes nothing."""
    page = mutation_page.PAGE.read_text("utf-8")
    assert mutation_page.render(page, SECTIONS) == page
    assert set(re.findall(r"<!-- mutations: (\w+) -->", page)) == {section.name for section in SECTIONS}


def row(fault: str, broken: str, test: str = "tests/test_it.py") -> Mutation:
    """Return a mutation of a file in the fixture `tree`."""
    return Mutation(fault, broken, "as it should", (test,), (Edit("subject.py", "True", "False"),))


def test_repeated_cells_are_left_out() -> None:
    """A fault is shown once, and a test once per fault; the rendered table replaces the old one."""
    section = Section("one", (row("a", "x"), row("a", "y"), row("a", "z", "tests/other.py::test"), row("b", "x")))
    page = "before\n<!-- mutations: one -->\n\n| old |\n\nafter\n"
    rendered = mutation_page.render(page, [section])
    assert rendered.splitlines()[5:9] == [
        "| a | `test_it.py` | x | as it should |",
        "| | | y | as it should |",
        "| | `other.py` | z | as it should |",
        "| b | `test_it.py` | x | as it should |",
    ]
    assert rendered.startswith("before\n")
    assert rendered.endswith("|\n\nafter\n")
    assert mutation_page.render(rendered, [section]) == rendered


def test_section_without_a_marker_is_an_error() -> None:
    """A file of mutations that the page does not show is reported."""
    with pytest.raises(ValueError, match="0 markers of one"):
        mutation_page.render("nothing", [Section("one", ())])


def test_words_select_mutations() -> None:
    """Every word must occur, anywhere and in any case."""
    section = Section("redis", (row("A lease", "x"), row("a claim", "y")))
    assert section.matching(["LEASE", "test_it"]) == [section.mutations[0]]
    assert section.matching(["redis"]) == list(section.mutations)
    assert section.matching(["lease", "y of"]) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one module with a test that detects the mutation, and others that do not."""
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
def test_only_a_failed_test_detects_a_mutation(
    tree: Path, tmp_path_factory: pytest.TempPathFactory, test: str, verdict: str
) -> None:
    """Tests that pass, cannot be imported or do not exist prove nothing; the tree is restored afterwards."""
    found = mutations.run_mutation(row("a", "x", test), tree, tmp_path_factory.mktemp("logs") / "pytest.log")
    assert f"{found.is_detected}, {found.reason}".startswith(verdict)
    assert (tree / "subject.py").read_text() == "WORD = True\n"


def test_mutation_that_does_not_fit_is_not_detected(tree: Path, tmp_path: Path) -> None:
    """It is reported like any other result, so the next mutations still run."""
    (tree / "subject.py").write_text("")
    found = mutations.run_mutation(row("a", "x"), tree, tmp_path / "pytest.log")
    assert not found.is_detected
    assert found.reason.startswith("subject.py: this occurs 0 times")


@pytest.mark.parametrize("text", ["", "True True"])
def test_text_that_does_not_occur_once_is_an_error(text: str) -> None:
    """A mutation that would break something else, or nothing, is noticed."""
    with pytest.raises(ValueError, match="instead of once"):
        Edit("subject.py", "True", "False").apply_to(text)
