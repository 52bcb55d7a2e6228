"""The HTML page of an OpenAPI document: complete, and safe for any document."""

from typing import Any

import pytest

from event_platform.admin import openapi
from event_platform.core.http import docs_page
from event_platform.ingest.pages import load_openapi

DOCUMENTS = {"admin": openapi.document(), "ingest": load_openapi()}


@pytest.mark.parametrize("service", DOCUMENTS)
def test_page_names_every_path_status_and_parameter(service: str) -> None:
    """The page is as complete as the document."""
    document = DOCUMENTS[service]
    page = docs_page.render(document)
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert all(f">{status}: " in page for status in operation["responses"])
            assert all(f"<code>{each['name']}</code>" in page for each in _parameters_of(operation, document))


def _parameters_of(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an operation's parameters, with references resolved."""
    shared = document.get("components", {}).get("parameters", {})
    return [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in operation.get("parameters", ())
    ]


def test_examples_are_shown_before_schemas() -> None:
    """The outline of the schema is shown only if there is no example."""
    schema = {"properties": {"name": {"type": "string"}}}
    assert "&quot;name&quot;: &quot;string&quot;" in docs_page.render(_document_with_response({"schema": schema}))
    page = docs_page.render(
        _document_with_response({"schema": schema, "examples": {"one": {"value": {"name": "Ada"}}}})
    )
    assert "&quot;name&quot;: &quot;Ada&quot;" in page
    assert "&quot;string&quot;" not in page


def test_recursive_schema_is_cut_off() -> None:
    """A schema that contains itself is shown to a limited depth."""
    tree = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    document = _document_with_response({"schema": tree}) | {"components": {"schemas": {"Tree": tree}}}
    assert "…" in docs_page.render(document)


def test_descriptions_are_escaped() -> None:
    """A description is plain text, whatever markup it contains."""
    document: dict[str, Any] = {"info": {"title": "<b>", "description": "<script>"}, "paths": {}}
    assert "<script>" not in docs_page.render(document)


def _document_with_response(content: dict[str, Any]) -> dict[str, Any]:
    """Return a document with one operation, whose response has ``content``."""
    response = {"description": "found", "content": {"application/json": content}}
    return {"info": {"title": "T"}, "paths": {"/x": {"get": {"responses": {"200": response}}}}}
