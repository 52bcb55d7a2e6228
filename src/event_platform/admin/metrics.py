"""Counts the admin API's own answers."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.core.metrics.admin import AdminMetrics

UNKNOWN_PATH = "(other)"


class Counted:
    """Notes status and duration of each answer, by its route: a path itself may be anything."""

    def __init__(self, app: ASGIApp, metrics: AdminMetrics, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = getattr(scope.get("route"), "path", UNKNOWN_PATH)
                self._metrics.responses.labels(path, str(message["status"])).inc()
                self._metrics.response_seconds.labels(path).observe(self._clock() - started)
            await send(message)

        await self._app(scope, receive, send_counted)
