"""A JSON schema as an example value, for people to read."""

from collections.abc import Mapping
from typing import Any, Final

_MAX_DEPTH: Final = 12


def outline(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value of the schema's shape, with the type of each scalar in its place.

    Resolves references within ``document``, the OpenAPI document, up to ``_MAX_DEPTH`` levels: they may form cycles.
    """
    if depth > _MAX_DEPTH:
        return "…"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return outline(document["components"]["schemas"][name], document, depth + 1)
    if "anyOf" in schema:
        return _alternatives(schema["anyOf"], document, depth)
    if "properties" in schema:
        return {name: outline(each, document, depth + 1) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [outline(schema["items"], document, depth + 1)]
    return " | ".join(schema["enum"]) if "enum" in schema else schema.get("format", schema.get("type", "any JSON"))


def _alternatives(options: list[Mapping[str, Any]], document: Mapping[str, Any], depth: int) -> str | dict[str, Any]:
    shapes = [outline(each, document, depth + 1) for each in options]
    first: str | dict[str, Any] = shapes[0]
    return " | ".join(shapes) if all(isinstance(each, str) for each in shapes) else first
