"""Which connections are aborted: those past their deadline, and those of slow clients when a new one needs room."""

from collections.abc import Iterable
from typing import Any

# A connection is a `BoundedProtocol`, whose module imports this one.
Connection = Any


def abort_overdue(connections: Iterable[Connection], now: float) -> None:
    """Abort the connections whose deadline has passed."""
    for connection in list(connections):
        if connection.deadline < now:
            connection.transport.abort()


def make_room(connections: set[Connection], new: Connection) -> int:
    """Abort connections of slow clients in favour of ``new``, and return how many are still beyond the limit.

    Never aborts a connection whose client waits for the service.
    """
    allowed: int = new.bounds.max_connections
    while len(connections) > allowed and new.bounds.evicts_slow_clients:
        slowest = slowest_client(each for each in connections if each is not new)
        if slowest is None:
            break
        # The loop reports the end of the connection later; it must not count until then.
        connections.discard(slowest)
        slowest.transport.abort()
    return len(connections) - allowed


def slowest_client(connections: Iterable[Connection]) -> Connection | None:
    """Return the connection that has waited for its client for longest; None if all clients wait for the service."""
    waiting = [(since, each) for each in connections if (since := waiting_for_client_since(each)) is not None]
    return min(waiting, key=lambda pair: pair[0])[1] if waiting else None


def waiting_for_client_since(connection: Connection) -> float | None:
    """Return since when, by the loop's clock, a connection waits for its client; None while the client waits."""
    bounds = connection.bounds
    if _has_pending_response(connection):
        # The response may be pending because the client does not read it.
        return connection.deadline - bounds.response_seconds if connection.flow.write_paused else None
    if connection.in_head or connection.cycle is None:
        return float(connection.deadline - bounds.head_seconds)
    return float(connection.deadline - (bounds.body_seconds if connection.in_message else bounds.idle_seconds))


def _has_pending_response(connection: Connection) -> bool:
    """Return whether a request is complete and its response is not."""
    if connection.cycle is None or connection.cycle.response_complete:
        return False
    return bool(connection.in_head or connection.pipeline or not connection.in_message)
