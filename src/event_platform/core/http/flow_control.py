"""When a connection reads on, and how much of a response it writes at once."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl

from event_platform.core.http.response_budget import ResponseBudget


class BoundedFlowControl(FlowControl):
    """uvicorn's flow control, which also stops reading while received bytes wait to be parsed.

    Args:
        transport: The connection's transport.
        budget: The budget for large responses.
        portion_bytes: The size above which a response is large, and of the portions in which it is written.
    """

    has_unparsed_bytes = False

    def __init__(self, transport: asyncio.Transport, budget: ResponseBudget, portion_bytes: int) -> None:
        super().__init__(transport)
        self.budget = budget
        self.portion_bytes = portion_bytes

    def resume_reading(self) -> None:
        """Read on, unless received bytes wait to be parsed."""
        if not self.has_unparsed_bytes:
            super().resume_reading()
