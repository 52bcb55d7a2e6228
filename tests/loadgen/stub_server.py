"""A real HTTP server of a few lines, in a thread, that answers as a test wants."""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fixtures.waiting import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Received:
    """A request as received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return self.headers.get("idempotency-key", "")


@dataclass(frozen=True)
class Reply:
    """What to answer.

    Attributes:
        after_seconds: Delay before the answer.
        cut: Whether to close the connection instead.
    """

    status: int = 202
    body: object = field(default_factory=lambda: {"status": "accepted", "request_id": "req_1", "duplicate": False})
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0
    cut: bool = False


ACCEPTED = Reply()


def refusal(status: int, code: str, **headers: str) -> Reply:
    """Return an error in the form of the platform's errors."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"code": code, "message": "", "request_id": "req_1"}}, named)


class StubServer:
    """Answers each request by calling `answer`; `received` lists all requests."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Reply] = lambda _request: ACCEPTED
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(DEADLINE_SECONDS)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def stall(self, seconds: float) -> None:
        """Block the whole server, as a garbage collector can."""
        self._loop.call_soon_threadsafe(threading.Event().wait, seconds)

    def end(self) -> None:
        """Close the server and end its thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(DEADLINE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        # asyncio's streams log the cancellation of a handler as an error, so it ends here.
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(head[0].split()[1], headers, body))
        reply = self.answer(self.received[-1])
        await asyncio.sleep(reply.after_seconds)
        if reply.cut:
            return False
        text = json.dumps(reply.body).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{more}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        return True
