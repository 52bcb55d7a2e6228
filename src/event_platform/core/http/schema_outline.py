"""A JSON schema as a value of that shape, for people to read."""

from collections.abc import Mapping
from typing import Any, Final

_DEEPEST: Final = 12


def outline(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """Members by name, and in place of each value what may stand there.

    References are followed within ``document``, the OpenAPI file, ``_DEEPEST`` levels deep: they may form circles.
    """
    if depth > _DEEPEST:
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
    told: str | dict[str, Any] = shapes[0]
    return " | ".join(shapes) if all(isinstance(each, str) for each in shapes) else told
