"""A bound on the memory that requests in work may take with their bodies."""

from typing import Final, Self

from event_platform.ingest import problems

FREE_BYTES: Final = 16_384
"""A body of at most this size is not counted once it is there: the bound on connections bounds those."""


class Hold:
    """A part of the budget, given back when the block ends."""

    __slots__ = ("_budget", "_held_bytes")

    def __init__(self, budget: "BodyBudget") -> None:
        self._budget = budget
        self._held_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.left_bytes += self._held_bytes

    def grow(self, size_bytes: int) -> None:
        """Hold so much more.

        Raises:
            Refusal: 503 where there is not so much left.
        """
        if size_bytes > self._budget.left_bytes:
            raise problems.unavailable("too many large bodies are in work; try again with the same key")
        self._budget.left_bytes -= size_bytes
        self._held_bytes += size_bytes


class BodyBudget:
    """Bytes that may be held at once.

    Args:
        size_bytes: How many.

    Attributes:
        left_bytes: How many more.
    """

    def __init__(self, size_bytes: int) -> None:
        self.left_bytes = size_bytes
        self._nothing = Hold(self)

    def hold(self) -> Hold:
        """A part that grows while a body is read."""
        return Hold(self)

    def hold_body(self, size_bytes: int) -> Hold:
        """What a body takes until its request is answered, with the message made of it; raises as `Hold.grow` does."""
        if size_bytes <= FREE_BYTES:
            return self._nothing
        hold = Hold(self)
        hold.grow(2 * size_bytes)
        return hold
