"""Exceptions as a single line of text, for logs and error messages."""


def first_line(error: BaseException) -> str:
    """Return the first line of the error's message, or the name of its class if the message is empty.

    Postgres and libpq put the cause into the first line and hints into the others.
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def one_line(error: BaseException) -> str:
    """Return the whole message with every run of white space as one blank, or the class name if it is empty."""
    return " ".join(str(error).split()) or type(error).__name__


def with_type(error: BaseException) -> str:
    """Return ``Class: message`` on one line, for errors whose message alone says little (``KeyError: 'x'``)."""
    return f"{type(error).__name__}: {one_line(error)}" if str(error).strip() else type(error).__name__
