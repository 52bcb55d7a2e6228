"""The platform's exceptions, by what the caller can do about them."""


class PlatformError(Exception):
    """Base class of everything that the platform raises deliberately."""


class ConfigurationError(PlatformError):
    """A setting has to be changed by an operator; the message names it and says what was expected."""


class UnavailableError(PlatformError):
    """A dependency does not answer or refuses for now; a later attempt can succeed."""


class InvalidInputError(PlatformError):
    """The input can never be accepted as it is; retrying is useless."""
