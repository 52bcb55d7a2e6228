"""Routes requests: a raw ASGI function, so that events do not pay for a router."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.ingest import rejections, responses
from event_platform.ingest.accept import IngestComponents, accept
from event_platform.ingest.batch import accept_batch
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request import ClientGoneError, Request, request_from_headers
from event_platform.ingest.request_ids import RequestIdentity, RequestIdGenerator
from event_platform.ingest.responses import ApiResponse

EventHandler: TypeAlias = Callable[[Request], Awaitable[ApiResponse]]


def build(ingest: IngestComponents, operator_app: ASGIApp, request_ids: RequestIdGenerator) -> ASGIApp:
    """Return the application: events by their exact path, every other path by ``operator_app``."""
    handlers: dict[bytes, EventHandler] = {
        b"/events": partial(accept, ingest),
        b"/events/batch": partial(accept_batch, ingest, request_ids),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        identity = request_ids.generate()
        handler = handlers.get(scope["raw_path"])
        if handler is None:
            await _forward(operator_app, identity, scope, receive, send)
        elif scope["method"] == "POST":
            request = request_from_headers(scope["headers"], receive, identity, scope["http_version"])
            await _handle(ingest, handler, request, send)
        else:
            rejection = Rejection(rejections.METHOD_NOT_ALLOWED, headers=((b"allow", b"POST"),))
            await responses.send_response(send, responses.rejected(rejection, identity.id), identity.id)

    return app


async def _handle(ingest: IngestComponents, handler: EventHandler, request: Request, send: Send) -> None:
    started = time.perf_counter()
    ingest.counters.request_started()
    outcome = "CLIENT_GONE"
    try:
        response = await handler(request)
        outcome = response.outcome
    except ClientGoneError:
        return
    except Exception as error:  # noqa: BLE001 - the one place where every failure becomes a response
        response = responses.failed(error, request.identity.id)
        outcome = response.outcome
    finally:
        ingest.counters.request_finished(outcome, time.perf_counter() - started)
    await responses.send_response(send, response, request.identity.id)


async def _forward(app: ASGIApp, identity: RequestIdentity, scope: Scope, receive: Receive, send: Send) -> None:
    async def send_with_id(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", b"req_" + identity.id.encode())]
        await send(message)

    scope["identity"] = identity
    await app(scope, receive, send_with_id)
