"""The OpenAPI document of the admin API; ``python -m event_platform.admin.openapi`` prints it."""

import json
import sys
from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from event_platform.admin.routes import router

TITLE: Final = "Event platform: admin API"
_DESCRIPTION: Final = """What operators can ask the event platform. Times are RFC 3339 in UTC. \
Counts come from rollups, which are written in the same transaction as the rows they count.

Where `ADMIN_TOKENS` is set, requests need `Authorization: Bearer <token>`."""


def document() -> dict[str, Any]:
    """Generate the document from the routes and their types."""
    generated = get_openapi(title=TITLE, version="1", description=_DESCRIPTION, routes=router.routes)
    generated["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    generated["security"] = [{}, {"token": []}]
    return generated


def main() -> None:
    """Write the document to standard output; the text depends on the routes only."""
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
