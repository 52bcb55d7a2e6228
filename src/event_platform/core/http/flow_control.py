"""How the bytes of a connection flow: when it reads on, and how much of an answer leaves at once."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl

from event_platform.core.http.response_budget import AnswerBudget


class Flow(FlowControl):
    """Reads nothing more while bytes that came are held back.

    Args:
        transport: The connection's.
        budget: What large answers count against.
        portion_bytes: Answers beyond this are large, and leave in portions of it.
    """

    held = False

    def __init__(self, transport: asyncio.Transport, budget: AnswerBudget, portion_bytes: int) -> None:
        super().__init__(transport)
        self.budget = budget
        self.portion_bytes = portion_bytes

    def resume_reading(self) -> None:
        """Read on, unless bytes are held back."""
        if not self.held:
            super().resume_reading()
