"""The OpenAPI document as one page that needs no script and no network."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { border-top: 1px solid #8884; padding-top: 1.5rem; font-size: 1.1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #8882; padding: 1rem; border-radius: 6px; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem 1rem .3rem 0; vertical-align: top }
.method { text-transform: uppercase; font-weight: 700 }
"""

_DEEPEST: Final = 12


def render(document: Mapping[str, Any]) -> str:
    """The page. Everything in it is escaped, because descriptions are text."""
    body = "".join(_operations(document))
    title = escape(document["info"]["title"])
    description = escape(document["info"].get("description", ""))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p>{description}</p><p>For machines: <a href="/openapi.json">openapi.json</a></p>'
        f"{body}</body></html>"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f'<h2><span class="method">{escape(method)}</span> <code>{escape(path)}</code></h2>'
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            yield _parameters(operation.get("parameters", ()))
            yield _body("Body", operation.get("requestBody", {}), document)
            yield from _answers(operation["responses"], document)


def _parameters(parameters: Any) -> str:  # noqa: ANN401 - a part of a JSON document
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(_kind(each['schema']))}"
        f"{'' if each['required'] else ', optional'}</td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    )
    return f"<table><tr><th>Parameter</th><th>Form</th><th>Meaning</th></tr>{rows}</table>"


def _kind(schema: Mapping[str, Any]) -> str:
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    bounds = [f"{name} {options[0][name]}" for name in ("minimum", "maximum", "pattern") if name in options[0]]
    default = [f"default {schema['default']}"] if schema.get("default") is not None else []
    return ", ".join([options[0].get("type", "any"), *bounds, *default])


def _answers(responses: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in responses.items():
        label = f"{status}: {answer['description']}"
        # Errors all look alike; their form is told once, by the first lines of the page's schema.
        yield _body(label, answer, document) if status.startswith("2") else f"<p>{escape(label)}</p>"


def _body(label: str, part: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    schema = part.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return ""
    example = json.dumps(_outline(schema, document, 0), indent=2)
    return f"<details><summary>{escape(label)}</summary><pre>{escape(example)}</pre></details>"


def _outline(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """The shape of a value: members by name, and in place of each value what may stand there."""
    if depth > _DEEPEST:
        return "…"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _outline(document["components"]["schemas"][name], document, depth + 1)
    if "anyOf" in schema:
        return _alternatives(schema["anyOf"], document, depth)
    if "properties" in schema:
        return {name: _outline(each, document, depth + 1) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_outline(schema["items"], document, depth + 1)]
    return " | ".join(schema["enum"]) if "enum" in schema else schema.get("format", schema.get("type", "any JSON"))


def _alternatives(options: list[Mapping[str, Any]], document: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401
    shapes = [_outline(each, document, depth + 1) for each in options]
    return " | ".join(shapes) if all(isinstance(each, str) for each in shapes) else shapes[0]
