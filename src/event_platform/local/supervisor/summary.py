"""What `up` prints once the platform is ready: its addresses, and how to send a first event."""

import json
import shlex
import time
from datetime import UTC, datetime

from event_platform.core.addresses import http_url
from event_platform.core.settings.model import Settings
from event_platform.local.supervisor.services import addresses


def lines(settings: Settings) -> list[str]:
    """The services' addresses, and a `curl` command that works as pasted."""
    urls = {name: http_url(*address) for name, address in addresses(settings).items()}
    return [
        "",
        f"  dashboard   {urls['admin']}/",
        f"  admin API   {urls['admin']}/docs",
        f"  ingest      {urls['ingest']}/docs",
        f"  processor   {urls['processor']}/health",
        "",
        "Send a first event, then find it on the dashboard:",
        "",
        _curl(urls["ingest"], settings.key_pairs()[0][1]),
        "",
        "`event-platform status` shows what runs, `event-platform logs` its output, `event-platform down` stops it.",
    ]


def _curl(ingest: str, key: str) -> str:
    now = datetime.now(UTC)
    event = {
        "event_id": f"evt_{int(time.time())}",
        "event_type": "page_view",
        "schema_version": 1,
        "occurred_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "payload": {"page": "/"},
    }
    headers = (f"X-API-Key: {key}", f"Idempotency-Key: first-{int(time.time())}", "Content-Type: application/json")
    words = ["curl", f"{ingest}/events", *(word for header in headers for word in ("-H", header))]
    return shlex.join([*words, "-d", json.dumps(event)])
