"""The errors: one small tree, by what the catcher can do."""

import pytest

from event_platform.core import errors
from event_platform.core.strict_json import InvalidJsonError, TooDeepError


@pytest.mark.parametrize("kind", [errors.ConfigurationError, errors.UnavailableError, errors.InvalidInputError])
def test_every_error_is_the_platforms(kind: type[Exception]) -> None:
    """One except clause catches everything that the platform raises on purpose."""
    assert issubclass(kind, errors.PlatformError)


def test_what_cannot_succeed_later_is_no_outage() -> None:
    """Input that stays wrong is never taken for a server that is away, and so never retried."""
    for kind in (InvalidJsonError, TooDeepError):
        assert issubclass(kind, errors.InvalidInputError)
        assert not issubclass(kind, errors.UnavailableError)
