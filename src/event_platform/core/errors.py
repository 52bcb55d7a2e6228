"""The platform's errors, by what the one who catches them can do."""


class PlatformError(Exception):
    """Everything the platform raises on purpose."""


class ConfigurationError(PlatformError):
    """A person has to change a setting; the message names it and says what was expected."""


class UnavailableError(PlatformError):
    """A server is away or refuses for now; trying again later can succeed."""


class InvalidInputError(PlatformError):
    """What was given can never be accepted as it is; trying again is useless."""
