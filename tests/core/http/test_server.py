"""The version of uvicorn that the server builds on."""

import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[3]


def test_uvicorn_is_pinned_to_its_minor_version() -> None:
    """The server overrides private methods, so only the minor version that these tests run with may be installed."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    [uvicorn] = [found for found in map(Requirement, named) if found.name == "uvicorn"]
    here = Version(version("uvicorn"))
    assert uvicorn.specifier.contains(here)
    assert not uvicorn.specifier.contains(f"{here.major}.{here.minor + 1}.0")
    assert not uvicorn.specifier.contains(f"{here.major}.{here.minor - 1}.99")
