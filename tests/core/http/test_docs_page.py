"""The page of an OpenAPI document, for the services' own documents and for hostile ones."""

from typing import Any

import pytest

from event_platform.admin import openapi
from event_platform.core.http import docs_page
from event_platform.ingest.pages import load_openapi

DOCUMENTS = {"admin": openapi.document(), "ingest": load_openapi()}


@pytest.mark.parametrize("service", DOCUMENTS)
def test_the_page_names_every_path_status_and_parameter(service: str) -> None:
    """A person reads there what a program reads in the document."""
    document = DOCUMENTS[service]
    page = docs_page.render(document)
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert all(f">{status}: " in page for status in operation["responses"])
            assert all(f"<code>{each['name']}</code>" in page for each in _parameters_of(operation, document))


def _parameters_of(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """An operation's parameters, those that it refers to as well."""
    shared = document.get("components", {}).get("parameters", {})
    return [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in operation.get("parameters", ())
    ]


def test_examples_are_shown_before_schemas() -> None:
    """They say more; without one the schema's outline stands there."""
    schema = {"properties": {"name": {"type": "string"}}}
    assert "&quot;name&quot;: &quot;string&quot;" in docs_page.render(_document_with_response({"schema": schema}))
    page = docs_page.render(
        _document_with_response({"schema": schema, "examples": {"one": {"value": {"name": "Ada"}}}})
    )
    assert "&quot;name&quot;: &quot;Ada&quot;" in page
    assert "&quot;string&quot;" not in page


def test_a_schema_that_contains_itself_has_an_end() -> None:
    """After some levels."""
    tree = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    document = _document_with_response({"schema": tree}) | {"components": {"schemas": {"Tree": tree}}}
    assert "…" in docs_page.render(document)


def test_descriptions_are_text() -> None:
    """Never markup."""
    document: dict[str, Any] = {"info": {"title": "<b>", "description": "<script>"}, "paths": {}}
    assert "<script>" not in docs_page.render(document)


def _document_with_response(content: dict[str, Any]) -> dict[str, Any]:
    """A document of one operation whose answer has ``content``."""
    answer = {"description": "found", "content": {"application/json": content}}
    return {"info": {"title": "T"}, "paths": {"/x": {"get": {"responses": {"200": answer}}}}}
