"""What ``admission.lua`` takes and answers: its operations, the codes of its answers, and a probe of it."""

from importlib import resources
from typing import Final

import msgspec

from event_platform.ingest.redis_client import ScriptCall

SCRIPT: Final = resources.files(__package__).joinpath("admission.lua").read_text("utf-8")

CHARGED: Final = 0
NEW: Final = 1
IN_PROGRESS: Final = 2
REUSED: Final = 3
DUPLICATE: Final = 4
TAKEN_OVER: Final = 5
LIMITED: Final = 6

_ANSWER_TYPES: Final = frozenset({int, list})
_NO_REQUEST_ID: Final = "-" * 36
_PROBE_OPERATIONS: Final = (
    "T",
    "~probe",
    1_000_000,
    f"C{_NO_REQUEST_ID}{'-' * 59}",
    f"R{_NO_REQUEST_ID}",
    f"R{_NO_REQUEST_ID}",
)
PROBE: Final[ScriptCall] = (
    ("ingest:probe", "ingest:probe", "ingest:probe:other"),
    (10_000, 10_000, len(_PROBE_OPERATIONS) + 3, *_PROBE_OPERATIONS),
)
"""Claims a key for a tenant that cannot exist and releases it, so that it writes all that an event writes; then reads a
key of another cluster slot."""


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation of the script.

    Attributes:
        redis_key: Redis key of the record that it names, if any.
        argument: Its letter and arguments, as ``admission.lua`` lists them.
        charged: Tenant and limit, where it costs quota.
    """

    redis_key: str | None
    argument: bytes | str
    charged: tuple[str, int] | None = None


def are_answers(reply: object, count: int) -> bool:
    """Tell whether ``reply`` is ``count`` answers of the script; a reply with an error among them is not."""
    return isinstance(reply, list) and len(reply) == count and _ANSWER_TYPES.issuperset(map(type, reply))
