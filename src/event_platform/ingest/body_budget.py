"""A bound on the memory that request bodies may take together."""

from typing import Final, Self

from event_platform.ingest import rejections

FREE_BYTES: Final = 16_384
"""Complete bodies up to this size are not counted: the bound on connections also bounds them."""


class BodyReservation:
    """Part of the budget; a context manager that returns it."""

    __slots__ = ("_budget", "_reserved_bytes")

    def __init__(self, budget: "BodyBudget") -> None:
        self._budget = budget
        self._reserved_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.free_bytes += self._reserved_bytes

    def grow(self, size_bytes: int) -> None:
        """Reserve ``size_bytes`` more.

        Raises:
            Rejection: 503 where the budget has less left.
        """
        if size_bytes > self._budget.free_bytes:
            raise rejections.unavailable("too many large bodies are in work; try again with the same key")
        self._budget.free_bytes -= size_bytes
        self._reserved_bytes += size_bytes


class BodyBudget:
    """Bytes of request bodies that may be in memory at once.

    Args:
        size_bytes: The bound.

    Attributes:
        free_bytes: What is not reserved.
    """

    def __init__(self, size_bytes: int) -> None:
        self.free_bytes = size_bytes
        self._empty = BodyReservation(self)

    def reserve(self) -> BodyReservation:
        """Return an empty reservation that grows while a body is read."""
        return BodyReservation(self)

    def reserve_body(self, size_bytes: int) -> BodyReservation:
        """Reserve memory for a body and the Kafka record made of it, until its request is answered.

        Raises:
            Rejection: 503 where the budget has less left.
        """
        if size_bytes <= FREE_BYTES:
            return self._empty
        reservation = BodyReservation(self)
        reservation.grow(2 * size_bytes)
        return reservation
