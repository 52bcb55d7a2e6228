"""The response of every request that fails."""

from pydantic import Field

from event_platform.admin.responses.model import ResponseModel


class Problem(ResponseModel):
    """What went wrong."""

    code: str = Field(examples=["INVALID_PARAMETER"])
    message: str


class ErrorResponse(ResponseModel):
    """Every response that is not a success."""

    error: Problem
