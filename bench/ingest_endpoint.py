"""The least that a service on the same HTTP server can do: read a body and answer 202."""

import os

import uvicorn

_BODY = b'{"status":"accepted","request_id":"req_00000000-0000-0000-0000-000000000000","duplicate":false}'
_START = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))],
}


async def app(_scope: object, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - ASGI's callables
    """Answer every request with the same 202."""
    await receive()
    await send(_START)
    await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(os.environ["INGEST_PORT"]),
        http="httptools",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
    )
