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
td { padding: .3rem 1rem .3rem 0; vertical-align: top }
"""


def render(document: Mapping[str, Any]) -> str:
    """The page; everything in it is escaped."""
    title, description = escape(document["info"]["title"]), escape(document["info"]["description"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p>{description}</p><p>For machines: <a href="/openapi.json">openapi.json</a></p>'
        f"{''.join(_operations(document))}</body></html>"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2>{method.upper()} <code>{escape(path)}</code></h2><p>{escape(operation['description'])}</p>"
            yield _parameters([_followed(each, document) for each in operation.get("parameters", ())])
            yield _content("Body", operation.get("requestBody", {}))
            for status, answer in operation["responses"].items():
                followed = _followed(answer, document)
                yield _content(f"{status}: {followed['description']}", followed)


def _followed(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ``part`` refers to, or itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code>{'' if each.get('required') else ' (optional)'}</td>"
        f"<td>{escape(each['description'])}</td></tr>"
        for each in parameters
    )
    return f"<table>{rows}</table>" if rows else ""


def _content(label: str, part: Mapping[str, Any]) -> str:
    examples = part.get("content", {}).get("application/json", {}).get("examples", {})
    shown = "".join(
        f"<p>{escape(each.get('summary', name))}</p><pre>{escape(json.dumps(each['value'], indent=2))}</pre>"
        for name, each in examples.items()
    )
    return f"<details><summary>{escape(label)}</summary>{shown}</details>" if shown else f"<p>{escape(label)}</p>"
