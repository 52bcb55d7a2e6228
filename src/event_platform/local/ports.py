"""Ports that nobody listens on."""

import random
import socket
from collections.abc import Iterable

from event_platform.core.errors import UnavailableError

LOOPBACK = "127.0.0.1"

# Below the range from which the system takes the source ports of outgoing connections: there, a client that keeps
# trying while a server restarts could take the server's port, or even connect to itself.
_FIRST, _END = 15_000, 32_000
_TRIES = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on ``port``."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((host, port))
        except OSError:
            return False
    # One who listens on all addresses does not stop us from binding loopback on every system.
    return not answers(port, host)


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def free_port(preferred: Iterable[int] = (), taken: Iterable[int] = ()) -> int:
    """The first of ``preferred`` that is free, else a random free one; never one of ``taken``.

    Raises:
        UnavailableError: None was found.
    """
    chance = random.SystemRandom()
    avoided = set(taken)
    for port in (*preferred, *(chance.randrange(_FIRST, _END) for _ in range(_TRIES))):
        if port not in avoided and is_free(port):
            return port
    raise UnavailableError(f"no free port was found between {_FIRST} and {_END}")
