"""The OpenAPI document of the admin API; ``python -m event_platform.admin.openapi`` prints it."""

import json
import sys
from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from event_platform.admin.routes import router

TITLE: Final = "Event platform: admin API"
_DESCRIPTION: Final = """What operators ask of the event platform. Times are RFC 3339 in UTC. \
Counts come from rollups, written in the same transaction as what they count.

Where `ADMIN_TOKENS` are set, requests need `Authorization: Bearer <token>`."""


def document() -> dict[str, Any]:
    """The document, made from the routes and their types."""
    made = get_openapi(title=TITLE, version="1", description=_DESCRIPTION, routes=router.routes)
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{}, {"token": []}]
    return made


def main() -> None:
    """Write the document to standard output, the same text for the same routes."""
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
