"""A bound on the memory of bodies that do not come in one piece."""

from collections.abc import Iterator
from contextlib import contextmanager

from event_platform.ingest import problems


class BodyBudget:
    """Bytes that may be held at once.

    Args:
        size_bytes: How many.
    """

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes

    @contextmanager
    def hold(self, size_bytes: int) -> Iterator[None]:
        """Reserve ``size_bytes`` while a body is read.

        Raises:
            Refusal: 503 where there is not so much left.
        """
        if size_bytes > self._left_bytes:
            raise problems.unavailable("too many large bodies are being read; try again with the same key")
        self._left_bytes -= size_bytes
        try:
            yield
        finally:
            self._left_bytes += size_bytes
