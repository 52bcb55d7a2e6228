"""The platform's exceptions, by what the caller can do."""

import pytest

from event_platform.core import errors
from event_platform.core.strict_json import InvalidJsonError, TooDeepError


@pytest.mark.parametrize("kind", [errors.ConfigurationError, errors.UnavailableError, errors.InvalidInputError])
def test_every_error_is_a_platform_error(kind: type[Exception]) -> None:
    """One except clause catches everything that the platform raises deliberately."""
    assert issubclass(kind, errors.PlatformError)


def test_invalid_input_is_no_outage() -> None:
    """Input that stays invalid never counts as an unavailable server, and so is never retried."""
    for kind in (InvalidJsonError, TooDeepError):
        assert issubclass(kind, errors.InvalidInputError)
        assert not issubclass(kind, errors.UnavailableError)
