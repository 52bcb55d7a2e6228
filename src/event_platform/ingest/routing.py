"""Which request goes where: a raw ASGI function, because events must not pay for a router."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.ingest import problems, responses
from event_platform.ingest.accept import Ingest, accept
from event_platform.ingest.batch import accept_batch
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import ClientGoneError, Request, read_head
from event_platform.ingest.request_ids import Ticket, Tickets
from event_platform.ingest.responses import Answer

Flow = Callable[[Request], Awaitable[Answer]]


def build(ingest: Ingest, pages: ASGIApp, tickets: Tickets) -> ASGIApp:
    """The application: events by their exact path, everything else by ``pages``."""
    flows: dict[bytes, Flow] = {
        b"/events": partial(accept, ingest),
        b"/events/batch": partial(accept_batch, ingest, tickets),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ticket = tickets.draw()
        flow = flows.get(scope["raw_path"])
        if flow is None:
            await _page(pages, ticket, scope, receive, send)
        elif scope["method"] == "POST":
            await _answer(ingest, flow, read_head(scope["headers"], receive, ticket, scope["http_version"]), send)
        else:
            refusal = Refusal(problems.METHOD_NOT_ALLOWED, headers=((b"allow", b"POST"),))
            await responses.send_answer(send, responses.refused(refusal, ticket.id), ticket.id)

    return app


async def _answer(ingest: Ingest, flow: Flow, request: Request, send: Send) -> None:
    started = time.perf_counter()
    ingest.tally.began()
    outcome = "CLIENT_GONE"
    try:
        answer = await flow(request)
        outcome = answer.outcome
    except ClientGoneError:
        return
    except Exception as error:  # noqa: BLE001 - the one place where every failure becomes an answer
        answer = responses.failed(error, request.ticket.id)
        outcome = answer.outcome
    finally:
        ingest.tally.ended(outcome, time.perf_counter() - started)
    await responses.send_answer(send, answer, request.ticket.id)


async def _page(pages: ASGIApp, ticket: Ticket, scope: Scope, receive: Receive, send: Send) -> None:
    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", b"req_" + ticket.id.encode())]
        await send(message)

    scope["ticket"] = ticket
    await pages(scope, receive, send_named)
