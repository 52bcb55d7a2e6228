"""A bare endpoint: answers every request with the same 202, so that what is measured is the client."""

import asyncio
import sys
from typing import cast

import httptools

BODY = b'{"status":"accepted","request_id":"req_00000000-0000-7000-8000-000000000000","duplicate":false}'
ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Endpoint(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Parse what the connection receives."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer a complete request."""
        self._transport.write(ANSWER)


async def serve() -> None:
    """Listen on a free port of loopback, print it, and serve until killed."""
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve with uvloop where it is available."""
    if sys.platform == "win32":
        asyncio.run(serve())
    else:
        import uvloop  # noqa: PLC0415 - there is none for Windows

        uvloop.run(serve())


if __name__ == "__main__":
    main()
