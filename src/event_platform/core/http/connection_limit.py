"""Which connections are ended: those that are overdue, and those that give way to a new one."""

from collections.abc import Iterable
from typing import Any

# A connection is a `BoundedProtocol`, which imports this module.
Connection = Any


def end_overdue(connections: Iterable[Connection], now: float) -> None:
    """End the connections whose deadline is over."""
    for connection in list(connections):
        if connection.deadline < now:
            connection.transport.abort()


def find_room(connections: set[Connection], new: Connection) -> int:
    """How many connections are too many now that ``new`` is there; those that give way are ended for it.

    Nothing is cut off that a client waits for.
    """
    allowed: int = new.bounds.max_connections
    while len(connections) > allowed and new.bounds.gives_way:
        longest = longest_waiting(each for each in connections if each is not new)
        if longest is None:
            break
        # The loop tells of its end later; until then it must not count.
        connections.discard(longest)
        longest.transport.abort()
    return len(connections) - allowed


def longest_waiting(connections: Iterable[Connection]) -> Connection | None:
    """The connection whose client has been waited for longest; None where every client waits for us."""
    waiting = [(since, each) for each in connections if (since := waiting_since(each)) is not None]
    return min(waiting, key=lambda pair: pair[0])[1] if waiting else None


def waiting_since(connection: Connection) -> float | None:
    """Since when, by the loop's clock, its client is waited for; None while the client waits for us."""
    allowed = connection.bounds
    if _owes_an_answer(connection):
        # It may be the client that does not take it.
        return connection.deadline - allowed.answer_seconds if connection.flow.write_paused else None
    if connection.in_head or connection.cycle is None:
        return float(connection.deadline - allowed.head_seconds)
    return float(connection.deadline - (allowed.body_seconds if connection.in_message else allowed.idle_seconds))


def _owes_an_answer(connection: Connection) -> bool:
    """Whether a request has come to its end that is not answered yet."""
    if connection.cycle is None or connection.cycle.response_complete:
        return False
    return bool(connection.in_head or connection.pipeline or not connection.in_message)
