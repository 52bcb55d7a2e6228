"""Keep-alive connections to one target, opened on demand."""

import asyncio
import ssl
from collections.abc import Callable

from event_platform.loadgen.sending.connection import HttpConnection
from event_platform.loadgen.sending.target import Target


class ConnectionPool:
    """Keeps at most ``limit`` connections.

    Args:
        target: Where to connect to.
        limit: Bound on connections, those being opened included.
        on_free: Called with each connection that becomes free, new ones included; it sends on it or releases it.
        on_connect_failed: Called for each connection that could not be opened.
    """

    def __init__(
        self,
        target: Target,
        limit: int,
        on_free: Callable[[HttpConnection], None],
        on_connect_failed: Callable[[], None],
    ) -> None:
        self._target = target
        self._limit = limit
        self._on_free = on_free
        self._on_connect_failed = on_connect_failed
        self._free: list[HttpConnection] = []
        self._connected: set[HttpConnection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._tls = ssl.create_default_context() if target.tls else None

    def acquire(self) -> HttpConnection | None:
        """Return the free connection that was used last, or None if none is free."""
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
        return None

    def release(self, connection: HttpConnection) -> None:
        """Return ``connection`` to the pool."""
        self._free.append(connection)

    def connect_for(self, waiting: int) -> bool:
        """Open a further connection unless one is being opened for each of the ``waiting`` requests.

        Returns:
            False if the limit forbids it.
        """
        if len(self._connecting) >= waiting:
            return True
        if len(self._connecting) + len(self._connected) >= self._limit:
            return False
        task = asyncio.ensure_future(self._connect())
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return True

    async def close(self) -> None:
        """Close all connections, and cancel those being opened."""
        for task in tuple(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in tuple(self._connected):
            connection.close()
        # Transports close in the next iteration of the event loop.
        await asyncio.sleep(0)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: HttpConnection(self._on_connected, self._on_idle),
                self._target.host,
                self._target.port,
                ssl=self._tls,
            )
        except OSError:
            self._on_connect_failed()

    def _on_connected(self, connection: HttpConnection) -> None:
        self._connected.add(connection)
        self._on_free(connection)

    def _on_idle(self, connection: HttpConnection) -> None:
        if connection.usable:
            self._on_free(connection)
        else:
            self._connected.discard(connection)
