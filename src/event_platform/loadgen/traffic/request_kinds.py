"""Kinds of requests: new, duplicate, or malformed in one way; and what the platform must do with each."""

from dataclasses import dataclass
from typing import Final

STORED: Final = "stored"
"""Expectation: once acknowledged, the event is stored."""

REFUSED: Final = "refused"
"""Expectation: the event is never acknowledged."""


@dataclass(frozen=True, slots=True)
class RequestKind:
    """A way to send an event.

    Attributes:
        expected: `STORED`, `REFUSED`, or the code of the dead letter that the event must become.
        in_batch: Whether a batch may hold it without failing as a whole.
    """

    name: str
    expected: str
    explanation: str
    in_batch: bool = True


NEW: Final = RequestKind("new", STORED, "a valid event under a key of its own")
DUPLICATE: Final = RequestKind("duplicate", STORED, "an earlier valid event again, same key and body")
CONCURRENT_DUPLICATE: Final = RequestKind(
    "concurrent_duplicate", STORED, "a valid event sent twice at the same instant"
)
REUSED_KEY: Final = RequestKind("reused_key", STORED, "an earlier key with another body, to be refused with 422")

_VALIDATION: Final = "VALIDATION_FAILED"
_DEAD_LETTERED: Final = (
    RequestKind("missing_event_type", _VALIDATION, "accepted, then dead-lettered: no event_type"),
    RequestKind("missing_event_id", _VALIDATION, "accepted, then dead-lettered: no event_id"),
    RequestKind("bad_time", _VALIDATION, "accepted, then dead-lettered: occurred_at is not a timestamp"),
    RequestKind("payload_not_object", _VALIDATION, "accepted, then dead-lettered: payload is a list"),
    RequestKind(
        "unknown_version", "UNSUPPORTED_SCHEMA_VERSION", "accepted, then dead-lettered: unsupported schema_version"
    ),
    RequestKind("nul_character", "UNSTORABLE", "accepted, then dead-lettered: text that Postgres cannot store"),
)
_REFUSED: Final = (
    RequestKind("broken_json", REFUSED, "refused with 400: the closing brace is missing", in_batch=False),
    RequestKind("not_object", REFUSED, "refused with 400: a list instead of an object"),
    RequestKind("oversize", REFUSED, "refused with 413: larger than the limit for an event", in_batch=False),
    RequestKind("wrong_key", REFUSED, "refused with 401: an unknown API key", in_batch=False),
)

REQUEST_KINDS: Final = {
    kind.name: kind for kind in (NEW, DUPLICATE, CONCURRENT_DUPLICATE, REUSED_KEY, *_DEAD_LETTERED, *_REFUSED)
}
"""Every kind by its name in a scenario's ``mix``."""

DUPLICATE_KINDS: Final = frozenset({DUPLICATE.name, CONCURRENT_DUPLICATE.name})

BAD_RATE_MIX: Final = {
    "missing_event_type": 0.3,
    "bad_time": 0.2,
    "unknown_version": 0.2,
    "payload_not_object": 0.1,
    "broken_json": 0.2,
}
"""How ``--bad-rate`` divides: four fifths are accepted and dead-lettered, one fifth is refused with 400."""
