"""Prometheus metrics of the admin API's own responses."""

import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.core.metrics.admin import AdminMetrics

UNKNOWN_ROUTE: Final = "(other)"


class RequestMetrics:
    """ASGI middleware that counts and times responses by route, not by path: clients can send any path."""

    def __init__(self, app: ASGIApp, metrics: AdminMetrics, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and record its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
                self._metrics.responses.labels(route, str(message["status"])).inc()
                self._metrics.response_seconds.labels(route).observe(self._clock() - started)
            await send(message)

        await self._app(scope, receive, send_recorded)
