"""What a request can be: good, a copy, or broken in one way, and what must become of it."""

from typing import Final

from msgspec import Struct

from event_platform.loadgen.reconciliation.reconcile import REFUSED, STORED


class Kind(Struct, frozen=True):
    """A way to send an event.

    Attributes:
        expected: `STORED`, the dead letter's code, or `REFUSED`.
        in_batch: Whether it can stand in a batch without breaking the others of that batch.
    """

    name: str
    expected: str
    explanation: str
    in_batch: bool = True


NEW: Final = Kind("new", STORED, "a good event under a key of its own")
DUPLICATE: Final = Kind("duplicate", STORED, "an earlier good event again, same key and body")
CONCURRENT_DUPLICATE: Final = Kind("concurrent_duplicate", STORED, "a good event sent twice at the same instant")
REUSED_KEY: Final = Kind("reused_key", STORED, "an earlier key with another body, to be refused with 422")

_VALIDATION = "VALIDATION_FAILED"
_DEAD = (
    Kind("missing_event_type", _VALIDATION, "accepted, then a dead letter: no event_type"),
    Kind("missing_event_id", _VALIDATION, "accepted, then a dead letter: no event_id"),
    Kind("bad_time", _VALIDATION, "accepted, then a dead letter: occurred_at is no time"),
    Kind("payload_not_object", _VALIDATION, "accepted, then a dead letter: payload is a list"),
    Kind("unknown_version", "UNSUPPORTED_SCHEMA_VERSION", "accepted, then a dead letter: a version nobody knows"),
    Kind("nul_character", "UNSTORABLE", "accepted, then a dead letter: text that Postgres cannot hold"),
)
_REFUSED = (
    Kind("broken_json", REFUSED, "refused with 400: the closing brace is missing", in_batch=False),
    Kind("not_object", REFUSED, "refused with 400: a list instead of an object"),
    Kind("oversize", REFUSED, "refused with 413: larger than any event may be", in_batch=False),
    Kind("wrong_key", REFUSED, "refused with 401: an API key that nobody has", in_batch=False),
)

KINDS: Final = {kind.name: kind for kind in (NEW, DUPLICATE, CONCURRENT_DUPLICATE, REUSED_KEY, *_DEAD, *_REFUSED)}
"""Every kind by its name in a scenario's ``mix``."""

COPIES: Final = frozenset({DUPLICATE.name, CONCURRENT_DUPLICATE.name})

BAD_MIX: Final = {
    "missing_event_type": 0.3,
    "bad_time": 0.2,
    "unknown_version": 0.2,
    "payload_not_object": 0.1,
    "broken_json": 0.2,
}
"""What ``--bad-rate`` means: four fifths are accepted and become dead letters, one fifth is refused with 400."""
