"""HTTP with deadlines and bounds: uvicorn's httptools protocol has none on heads, bodies, answers and Host.

What is refused here never becomes a request: it gets a bare 400 or 431 and its connection is closed.
"""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from event_platform.core.http import head_validation
from event_platform.core.http.bounds import Bounds
from event_platform.core.http.connection_limit import find_room, waiting_since
from event_platform.core.http.flow_control import Flow
from event_platform.core.http.refusal import bare_answer
from event_platform.core.http.response_budget import AnswerBudget
from event_platform.core.http.response_writer import Exchange


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    While a request waits behind another one of its connection, what follows is held back as bytes: requests that were
    parsed take a multiple of their bytes, and uvicorn parses without end what is sent ahead.

    Its deadline is a plain number that `room.end_overdue` compares a few times a second, because a timer for each
    request would cost more than all the rest of this.

    Args:
        bounds: The service's.
        budget: Of answers, shared by all its connections.
        refuse: Answers a connection for which there is no room.
        uvicorns: What `HttpToolsProtocol` wants.
    """

    deadline = 0.0
    flow: Flow
    _head_bytes = 0
    _unfinished_bytes = 0
    in_head = False
    in_message = False
    _held = b""
    _status = HTTPStatus.BAD_REQUEST
    _refused = False
    _repeats_head = False
    _running: RequestResponseCycle | None = None

    def __init__(self, bounds: Bounds, budget: AnswerBudget, refuse: ASGIApp, **uvicorns: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**uvicorns)
        self.bounds = bounds
        self._budget = budget
        self._refusing = refuse

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's transport
        """A client has connected; one too many is answered 503, far too many are cut off."""
        super().connection_made(transport)
        self.flow = Flow(transport, self._budget, self.bounds.portion_bytes)
        self.deadline = self.loop.time() + self.bounds.head_seconds
        excess = find_room(self.connections, self)
        if excess > self.bounds.max_refused_connections:
            transport.abort()
        elif excess > 0:
            self.app = self._refusing

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone, or was cut off; uvicorn tells the last request of it, which may wait behind the running one."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if len(data) <= self.bounds.parsed_bytes and not self._held and not self.pipeline:
            self._parse(data)
        else:
            self._parse_in_turn(data)

    def _parse_in_turn(self, data: bytes) -> None:
        """Parse in small portions, and hold back the rest as soon as a request waits for the one before it."""
        for start in range(0, len(data), self.bounds.parsed_bytes):
            if self._held or self.pipeline:
                self._held += data[start:]
                break
            self._parse(data[start : start + self.bounds.parsed_bytes])
        self.flow.held = bool(self._held)
        if self.flow.held:
            self.flow.pause_reading()

    def _parse(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._status)
        if self.in_message:
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > self.bounds.max_unfinished_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio takes a bool, uvicorn never gives one
        """The client sends nothing more; it still gets the answers that are due."""
        cycle: RequestResponseCycle | None = self.cycle
        if self.in_message or cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        return True

    def _read_on(self, rest: bytes) -> None:
        """Ignore a wish for another protocol, as RFC 9110, section 7.8 allows: some clients send it with every request.

        The parser takes what follows the head for that protocol, so another one reads it, after a head that says how
        long the body is and nothing else.
        """
        framing = [pair for pair in self.headers if pair[0] in {b"content-length", b"transfer-encoding"}]
        self._repeats_head = True
        self.parser = httptools.HttpRequestParser(self)
        self.cycle.more_body = self.in_message = True
        self.cycle.message_event.clear()
        self.deadline = self.loop.time() + self.bounds.body_seconds
        head = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self._parse_in_turn(b"POST / HTTP/1.1\r\n%b\r\n" % head + rest)

    def on_message_begin(self) -> None:
        """A request's first byte has come."""
        if self._repeats_head:
            return
        super().on_message_begin()
        self.in_head = self.in_message = True
        self._head_bytes = self._unfinished_bytes = 0
        self.deadline = self.loop.time() + self.bounds.head_seconds

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header has come; trailers are dropped, because whoever passes a request on may not have checked them."""
        if self._repeats_head or not self.in_head:
            return
        # RFC 9110, section 5.5: blanks around a value are none of it; the parser leaves those at its end.
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"expect":
            # RFC 9110, section 10.1.1: from an HTTP/1.0 client it is ignored.
            self.expect_100_continue = value.lower() == b"100-continue" and self.parser.get_http_version() != "1.0"
        self._head_bytes += len(name) + len(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head has come: become a request, unless it is out of bounds."""
        if self._repeats_head:
            self._repeats_head = False
            return
        self.in_head = False
        size = self._head_bytes + max(0, len(self.url) - self.bounds.long_target_bytes)
        version = self.parser.get_http_version()
        self._status = head_validation.check(self.headers, size, version, self.bounds)
        if self._status is not HTTPStatus.OK:
            raise ValueError("the head is out of bounds")
        # What the parser finds wrong from here on is wrong in the body.
        self._status = HTTPStatus.BAD_REQUEST
        self._unfinished_bytes = 0
        self.deadline = self.loop.time() + self.bounds.body_seconds
        self._begin_request()

    def _begin_request(self) -> None:
        """As uvicorn does it, but with our kind of cycle, and without what other services configure."""
        version, target = self.parser.get_http_version(), httptools.parse_url(self.url)
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(target.path.decode("ascii"))
        self.scope["raw_path"] = target.path
        self.scope["query_string"] = target.query or b""
        earlier: RequestResponseCycle | None = self.cycle
        self.cycle = self._new_cycle(version)
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self._running = self._running if self.pipeline else earlier
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _new_cycle(self, version: str) -> Exchange:
        return Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """A part of the body has come: whatever lies between two parts is bounded like a head."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body has come: the answer is due, unless it has gone out already."""
        self.in_message = False
        answered = self.cycle.response_complete
        self.deadline = self.loop.time() + (self.bounds.idle_seconds if answered else self.bounds.answer_seconds)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has gone out: begin the next request that was sent ahead, else let the connection rest.

        This is uvicorn's own method without its timer for idle connections, which the deadline replaces. A request that
        is still coming in keeps its deadline, and so does a connection that ends with this answer.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self.in_message:
            seconds = self.bounds.answer_seconds if self.pipeline else self.bounds.idle_seconds
            self.deadline = self.loop.time() + seconds
        self.flow.held = False
        self.flow.resume_reading()
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        if self._held and not self.pipeline:
            held, self._held = self._held, b""
            self.data_received(held)

    def shutdown(self) -> None:
        """The service ends, after the answers that are due; who leaves us waiting for a body soon gets none."""
        super().shutdown()
        is_waiting = waiting_since(self) is not None
        # What is cut off in the last second does not keep the server from its end.
        seconds = self.bounds.shutdown_client_seconds if is_waiting else self.bounds.shutdown_seconds - 1.0
        self.deadline = min(self.deadline, self.loop.time() + seconds)

    def _refuse(self, status: HTTPStatus) -> None:
        """Close the connection, after the answers that are under way, with a bare ``status`` where none is."""
        self._refused = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            return
        if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
            self.transport.write(bare_answer(status))
        self.transport.close()
