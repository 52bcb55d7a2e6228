"""The structure of the source: maps, sizes, names and import depth of its packages."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
ROOT_PACKAGE = SOURCE / "event_platform"
FOLDERS = sorted(path.parent for path in ROOT_PACKAGE.rglob("__init__.py"))
STAGES = [path.name for path in FOLDERS if path.parent == ROOT_PACKAGE]
MAX_MODULES = 16
MAX_IMPORT_DEPTH = 8


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def members(folder: Path) -> set[str]:
    """Names of the modules and sub-packages of a package."""
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def folder_name(folder: Path) -> str:
    """The folder as it is written in documents."""
    return str(folder.relative_to(SOURCE))


@pytest.mark.parametrize("folder", FOLDERS, ids=folder_name)
def test_the_map_of_a_package_names_each_module_once(folder: Path) -> None:
    """The docstring of `__init__` has a line for each module and sub-package: name, two blanks or more, meaning."""
    text = ast.get_docstring(parsed(folder / "__init__.py"), clean=False) or ""
    named = re.findall(r"^ *(\w+)/? {2,}\S", text, re.MULTILINE)
    data_folders = {path.name for path in folder.iterdir() if path.is_dir() and not (path / "__init__.py").exists()}
    assert sorted(set(named) - data_folders) == sorted(members(folder))
    assert len(set(named)) == len(named)


# Ingest gets its sub-packages when its flow is rebuilt.
@pytest.mark.parametrize("folder", [each for each in FOLDERS if each.name != "ingest"], ids=folder_name)
def test_a_folder_has_few_modules(folder: Path) -> None:
    """At most 16 modules can be seen at a glance."""
    assert len(list(folder.glob("*.py"))) - 1 <= MAX_MODULES


@pytest.mark.parametrize("stage", STAGES)
def test_a_class_name_is_used_once_within_a_package(stage: str) -> None:
    """Whoever reads a class name knows which class it is."""
    trees = [parsed(path) for path in (ROOT_PACKAGE / stage).rglob("*.py")]
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def module_name(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_within(stage: str) -> dict[str, set[str]]:
    """For each module of a package the other modules of that package that it imports."""
    trees = {module_name(path): parsed(path) for path in (ROOT_PACKAGE / stage).rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        dotted = {candidate for node in nodes for each in node.names for candidate in candidates(node, each)}
        found[name] = (dotted & trees.keys()) - {name}
    return found


def candidates(node: ast.ImportFrom, each: ast.alias) -> tuple[str, str]:
    """`from a import b` imports the module `a.b`, or `b` of the module `a`."""
    return f"{node.module}.{each.name}", str(node.module)


def test_the_processor_is_at_most_eight_imports_deep() -> None:
    """From the entry point down, no chain of imports within the processor is longer."""
    imports = imports_within("processor")
    assert len(imports) > MAX_MODULES

    @cache
    def depth(module: str) -> int:
        return max((1 + depth(each) for each in imports[module]), default=0)

    assert max(map(depth, imports)) <= MAX_IMPORT_DEPTH
