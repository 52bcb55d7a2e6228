"""Loads scenarios: those that ship with the package by name, others from JSON files."""

import codecs
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic.scenario import Scenario

_FOLDER: Final = resources.files("event_platform.loadgen.traffic") / "scenarios"


def names() -> list[str]:
    """Names of the scenarios that ship with the package."""
    return sorted(file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json"))


def load(name_or_path: str) -> Scenario:
    """Load the scenario of that name, or the one in that file.

    Raises:
        ConfigurationError: It does not exist, or a field is invalid; the message names the field and what it expects.
    """
    if name_or_path in names():
        return parse(name_or_path, (_FOLDER / f"{name_or_path}.json").read_bytes())
    try:
        return parse(name_or_path, Path(name_or_path).read_bytes())
    except OSError as error:
        known = ", ".join(names())
        raise ConfigurationError(
            f"no scenario {name_or_path}: expected one of {known}, or a file ({error.strerror})"
        ) from error


def parse(source: str, text: bytes) -> Scenario:
    """Decode and validate a scenario; ``source`` names it in error messages.

    Raises:
        ConfigurationError: A field is invalid; the message names the field and what it expects.
    """
    try:
        return msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8), type=Scenario)
    except msgspec.DecodeError as error:
        problem, _, path = str(error).replace("`", "").partition(" - at ")
        field = path.removeprefix("$").removeprefix(".") or "the whole"
        raise ConfigurationError(f"scenario {source}: {field}: {_uncapitalized(problem)}") from error


def _uncapitalized(problem: str) -> str:
    return problem if problem.startswith("JSON") else problem[:1].lower() + problem[1:]
