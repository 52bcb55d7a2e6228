"""pydantic's validation errors as sentences for the person who set the settings."""

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from event_platform.core.settings.value_types import is_secret


def explain(name: str, field: FieldInfo, problem: Mapping[str, Any]) -> str:
    """Return the setting's name, its value unless that may contain a secret, and what was expected."""
    # The value may be an address with a password where none is expected.
    is_hidden = is_secret(field.annotation) or "@" in str(problem["input"])
    return f"{name}{'' if is_hidden else '=' + str(problem['input'])}: {_expected(field, problem)}"


def _expected(field: FieldInfo, problem: Mapping[str, Any]) -> str:
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "literal_error":
        return f"expected {problem['ctx']['expected'].replace(chr(39), '')}"
    if field.annotation is int:
        return f"expected a whole number {_range(field.metadata)}"
    return f"expected another form: {problem['msg']}"


def _range(metadata: list[Any]) -> str:
    bounds = {name: getattr(bound, name) for bound in metadata for name in ("ge", "le") if hasattr(bound, name)}
    return f"from {bounds['ge']} to {bounds['le']}" if "le" in bounds else f"of at least {bounds['ge']}"
