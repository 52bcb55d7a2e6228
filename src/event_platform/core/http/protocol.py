"""A connection with deadlines and bounds: uvicorn's httptools protocol has none for heads, bodies and responses."""

from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from event_platform.core.http.bounds import Bounds
from event_platform.core.http.connection_limit import make_room, waiting_for_client_since
from event_platform.core.http.flow_control import BoundedFlowControl
from event_platform.core.http.request_parsing import ParsingProtocol
from event_platform.core.http.response_budget import ResponseBudget

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class BoundedProtocol(ParsingProtocol):
    """A connection from its start to its end.

    Its deadline is a plain number that `connection_limit.abort_overdue` compares a few times a second, because a timer
    per request would cost more than everything else here.

    Args:
        bounds: The limits of the service.
        budget: The budget for large responses, which all connections share.
        refuse: The application that responds to a connection beyond the limit.
        options: The arguments of `HttpToolsProtocol`.
    """

    def __init__(self, bounds: Bounds, budget: ResponseBudget, refuse: ASGIApp, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**options)
        self.bounds = bounds
        self._budget = budget
        self._refusal_app = refuse

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's transport
        """Accept a connection; refuse it with 503 if there is no room, and abort it if too many are being refused."""
        super().connection_made(transport)
        self.flow = BoundedFlowControl(transport, self._budget, self.bounds.portion_bytes)
        self.deadline = self.loop.time() + self.bounds.head_seconds
        excess = make_room(self.connections, self)
        if excess > self.bounds.max_refused_connections:
            transport.abort()
        elif excess > 0:
            self.app = self._refusal_app

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the running request that its client has disconnected; uvicorn tells only the last pipelined one."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio takes a bool, uvicorn never returns one
        """Keep a half-closed connection open until its pending responses are sent."""
        cycle: RequestResponseCycle | None = self.cycle
        if self.in_message or cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        """Start the next pipelined request after a response, or let the connection become idle.

        This is uvicorn's method without its timer for idle connections, which the deadline replaces. A request that is
        still being received keeps its deadline, and so does a connection that ends with this response.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self.in_message:
            seconds = self.bounds.response_seconds if self.pipeline else self.bounds.idle_seconds
            self.deadline = self.loop.time() + seconds
        self.flow.has_unparsed_bytes = False
        self.flow.resume_reading()
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        if self._unparsed and not self.pipeline:
            unparsed, self._unparsed = self._unparsed, b""
            self.data_received(unparsed)

    def shutdown(self) -> None:
        """Close the connection after pending responses; a client that keeps the service waiting gets less time."""
        super().shutdown()
        is_waiting = waiting_for_client_since(self) is not None
        # A second before the server's own limit, so that connections aborted then do not delay its exit.
        seconds = self.bounds.shutdown_client_seconds if is_waiting else self.bounds.shutdown_seconds - 1.0
        self.deadline = min(self.deadline, self.loop.time() + seconds)
