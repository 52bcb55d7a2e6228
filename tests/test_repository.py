"""Rules of the repository: rendered pages, hooks and CI are consistent with the code and the Makefile."""

import ast
import os
import re
from pathlib import Path

import pytest
import yaml

from event_platform import reference
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages as the code renders them."""
    return reference.pages()


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "docs/reference/settings.md",
        "docs/reference/metrics.md",
        "docs/reference/command-line.md",
    ],
)
def test_rendered_page_is_up_to_date(path: str, pages: dict[str, str]) -> None:
    """`python -m event_platform.reference` changes nothing."""
    assert (ROOT / path).read_text("utf-8") == pages[path]


def test_every_page_is_checked(pages: dict[str, str], tmp_path: Path) -> None:
    """Every page is written once; a second run changes nothing."""
    assert sorted(reference.write(tmp_path)) == sorted(pages)
    assert reference.write(tmp_path) == []


def test_example_environment_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every setting uncommented, `.env.example` is a valid file with the default values."""
    text = (ROOT / ".env.example").read_text("utf-8")
    (tmp_path / ".env").write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE))
    monkeypatch.chdir(tmp_path)
    given = load()
    assert {name.upper() for name in Settings.model_fields} == set(re.findall(r"^# ([A-Z_]+)=", text, re.MULTILINE))
    assert given.kafka_brokers == "localhost:9092"
    assert given.rate_limit_per_min == load(_env_file=None).rate_limit_per_min


def test_hooks_run_the_checks_of_make() -> None:
    """A commit is refused if `make check` would fail."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    [recipe] = re.findall(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    variables = dict(re.findall(r"^(\w+) := (.*)$", makefile, re.MULTILINE))
    commands = [re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], line[2:]) for line in recipe.splitlines()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == commands


def test_ci_runs_the_readmes_test_command() -> None:
    """CI runs the command that the README names."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text("utf-8").rstrip().endswith("exec make test")
    assert "\nmake test " in (ROOT / "README.md").read_text("utf-8")


def _imported(path: Path) -> set[str]:
    # A function that imports a module itself has checked that it exists.
    nodes = ast.parse(path.read_text("utf-8")).body
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return whole | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("stage", ["core", "migrations", "loadgen", "ingest", "processor", "admin"])
def test_services_import_nothing_that_windows_lacks(stage: str) -> None:
    """On Windows the services run natively beside compose, so they import no module that only POSIX has."""
    only_posix = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios"}
    for path in (ROOT / "src" / "event_platform" / stage).rglob("*.py"):
        assert not _imported(path) & only_posix, path
        assert not re.search(r"\bos\.fork\b|get_context\(.fork", path.read_text("utf-8")), path


def test_relative_links_are_valid() -> None:
    """Every relative link of a page leads to an existing file."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))]
    broken = [f"{page.name}: {link}" for page, link in links if "://" not in link and not (page.parent / link).exists()]
    assert links
    assert not broken


@pytest.mark.parametrize("number", range(1, 11))
def test_every_guarantee_has_a_test(number: int) -> None:
    """Each guarantee is named by tests that provoke its fault, and the page of guarantees refers to some of them."""
    named = re.compile(rf"\bP{number}\b")
    naming = {
        path.name for path in (ROOT / "tests/promises").glob("test_*.py") if named.search(path.read_text("utf-8"))
    }
    page = (ROOT / "docs/guarantees.md").read_text("utf-8")
    [row] = re.findall(rf"^\| P{number} \| (`test_.*) \|$", page, re.MULTILINE)
    assert set(re.findall(r"`(test_\w+\.py)`", row)) <= naming
