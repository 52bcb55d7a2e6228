"""What becomes of a message: a row to store, or a dead letter with a reason."""

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

MAX_QUOTED_CHARACTERS: Final = 64
MAX_REASON_CHARACTERS: Final = 1_000


class Code(StrEnum):
    """Why a message is dead."""

    DESERIALIZATION_FAILED = "DESERIALIZATION_FAILED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    UNSUPPORTED_SCHEMA_VERSION = "UNSUPPORTED_SCHEMA_VERSION"
    UNSTORABLE = "UNSTORABLE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Whose event it is, as far as that could be read."""

    tenant_id: str | None = None
    event_id: str | None = None
    idempotency_key: str | None = None
    request_id: str | None = None


NOBODY: Final = Identity()


class Row(msgspec.Struct, frozen=True, gc=False):
    """An event as it goes into the table ``events``; times in microseconds since the year 2000, as Postgres counts."""

    id: bytes
    tenant_id: str
    event_id: str
    idempotency_key: str
    event_type: str
    schema_version: int
    occurred_at_us: int
    received_at_us: int
    payload: bytes
    extensions: bytes | None


class Store(msgspec.Struct, frozen=True, gc=False):
    """The message's event can be stored."""

    row: Row


class Dead(msgspec.Struct, frozen=True):
    """The message cannot be stored, now or ever; ``detail`` says why in words."""

    code: Code
    detail: str
    identity: Identity = NOBODY

    @property
    def reason(self) -> str:
        """``CODE: detail``, at most 1,000 characters."""
        return cut(f"{self.code}: {self.detail}", MAX_REASON_CHARACTERS)


Outcome: TypeAlias = Store | Dead


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with an event."""

    code: Code
    text: str


_PRECEDENCE: Final = (Code.UNSUPPORTED_SCHEMA_VERSION, Code.VALIDATION_FAILED, Code.UNSTORABLE)
"""Which code stands for several problems: of a version we do not know, the other rules may not hold at all."""


def dead_of(problems: list[Problem], identity: Identity) -> Dead:
    """The dead letter that names all of ``problems`` (at least one), the gravest first."""
    ordered = sorted(problems, key=lambda problem: _PRECEDENCE.index(problem.code))
    return Dead(ordered[0].code, "; ".join(problem.text for problem in ordered), identity)


def cut(text: str, characters: int) -> str:
    """``text``, or its beginning with an ellipsis, in at most so many characters."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def quote(json_text: bytes) -> str:
    """A value as the producer wrote it, cut at 64 characters, to be named in a reason."""
    beginning = json_text[: 4 * MAX_QUOTED_CHARACTERS + 4].decode(errors="replace")
    return cut(beginning.replace("\x00", "\N{REPLACEMENT CHARACTER}"), MAX_QUOTED_CHARACTERS)
