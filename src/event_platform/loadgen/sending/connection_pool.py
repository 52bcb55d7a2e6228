"""Keep-alive connections to one target, opened as they are needed."""

import asyncio
import ssl
from collections.abc import Callable

from event_platform.loadgen.sending.connection import Connection
from event_platform.loadgen.sending.request_encoder import Target


class Pool:
    """At most ``limit`` connections.

    Args:
        on_free: Called whenever a connection has become free, new ones included; it takes it, or gives it back.
        on_unreachable: Called whenever a connection could not be opened.
    """

    def __init__(
        self, target: Target, limit: int, on_free: Callable[[Connection], None], on_unreachable: Callable[[], None]
    ) -> None:
        self._target = target
        self._limit = limit
        self._on_free = on_free
        self._on_unreachable = on_unreachable
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._tls = ssl.create_default_context() if target.tls else None

    def take(self) -> Connection | None:
        """A free connection, the one used last; None where there is none."""
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
        return None

    def give_back(self, connection: Connection) -> None:
        """Nobody needs ``connection`` now."""
        self._free.append(connection)

    def open_for(self, waiting: int) -> bool:
        """See that a connection is being opened for each of the ``waiting`` requests.

        Returns:
            False where the limit forbids it.
        """
        if len(self._opening) >= waiting:
            return True
        if len(self._opening) + len(self._all) >= self._limit:
            return False
        task = asyncio.ensure_future(self._open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return True

    async def _open(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._on_made, self._on_idle), self._target.host, self._target.port, ssl=self._tls
            )
        except OSError:
            self._on_unreachable()

    def _on_made(self, connection: Connection) -> None:
        self._all.add(connection)
        self._on_free(connection)

    def _on_idle(self, connection: Connection) -> None:
        if connection.usable:
            self._on_free(connection)
        else:
            self._all.discard(connection)

    async def close(self) -> None:
        """Close all, and give up those that are being opened."""
        for task in tuple(self._opening):
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for connection in tuple(self._all):
            connection.close()
        # The transports close in the loop's next turn.
        await asyncio.sleep(0)
