"""Stored JSON in responses: embedded as text, never parsed and written again, so that numbers keep every digit."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Response


def embed(text: str | None) -> msgspec.Raw | None:
    """JSON text that `json_response` copies into its body unchanged."""
    return None if text is None else msgspec.Raw(text.encode())


def json_response(body: Mapping[str, Any]) -> Response:
    """``body`` as a JSON response, with times in RFC 3339 with ``Z``."""
    return Response(msgspec.json.encode(body), media_type="application/json")
