"""What all response models share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Code = Annotated[
    str,
    Field(description="Why the event was dead-lettered: one of the dead-letter codes.", examples=["VALIDATION_FAILED"]),
]


class ResponseModel(BaseModel):
    """A response, or a part of one; every field is always present."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
