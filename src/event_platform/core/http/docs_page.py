"""An OpenAPI document as one HTML page that needs no scripts and no network."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from event_platform.core.http.schema_example import outline

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { border-top: 1px solid #8884; padding-top: 1.5rem; font-size: 1.1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #8882; padding: 1rem; border-radius: 6px; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem 1rem .3rem 0; vertical-align: top }
details, summary + p { margin: .4rem 0 }
"""

Part = Mapping[str, Any]


def render(document: Part) -> str:
    """Return the page; descriptions are plain text and are escaped."""
    title, description = escape(document["info"]["title"]), escape(document["info"].get("description", ""))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p>{description}</p><p>For machines: <a href="/openapi.json">openapi.json</a></p>'
        f"{''.join(_operations(document))}</body></html>"
    )


def _operations(document: Part) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2>{escape(method.upper())} <code>{escape(path)}</code></h2>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            yield _parameters([_resolve(each, document) for each in operation.get("parameters", ())])
            yield _content("Body", operation.get("requestBody", {}), document)
            yield from _responses(operation["responses"], document)


def _resolve(part: Part, document: Part) -> Part:
    """Return what the ``$ref`` of ``part`` refers to, or ``part`` itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _parameters(parameters: list[Part]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(_type_and_bounds(each['schema']))}"
        f"{'' if each.get('required') else ', optional'}</td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    )
    return f"<table><tr><th>Parameter</th><th>Form</th><th>Meaning</th></tr>{rows}</table>" if rows else ""


def _type_and_bounds(schema: Part) -> str:
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    bounds = [f"{name} {options[0][name]}" for name in ("minimum", "maximum", "pattern") if name in options[0]]
    default = [f"default {schema['default']}"] if schema.get("default") is not None else []
    return ", ".join([options[0].get("type", "any"), *bounds, *default])


def _responses(responses: Part, document: Part) -> Iterator[str]:
    for status, each in responses.items():
        response = _resolve(each, document)
        yield _content(f"{status}: {response['description']}", response, document)


def _content(label: str, part: Part, document: Part) -> str:
    """Return a body's examples or else the outline of its schema; only the label if there is nothing to show."""
    content = part.get("content", {}).get("application/json", {})
    shown = "".join(_examples(content)) or (_outline(content, document) if not label.startswith(("4", "5")) else "")
    if shown:
        return f"<details><summary>{escape(label)}</summary>{shown}</details>"
    # Errors all have the form that the top of the page describes; an operation without a body needs no label for it.
    return f"<p>{escape(label)}</p>" if label != "Body" else ""


def _examples(content: Part) -> Iterator[str]:
    for name, each in content.get("examples", {}).items():
        yield f"<p>{escape(each.get('summary', name))}</p><pre>{escape(_as_json(each['value']))}</pre>"


def _outline(content: Part, document: Part) -> str:
    return f"<pre>{escape(_as_json(outline(content['schema'], document)))}</pre>" if "schema" in content else ""


def _as_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, indent=2, ensure_ascii=False)
