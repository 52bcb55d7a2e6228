"""Detects when most records become dead letters: one tenant's mistake, or an unannounced change of a producer."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

WINDOW: Final = 200
CHECK_EVERY_RECORDS: Final = 25
"""A divisor of the window; checking more often would cost more than it shows."""

DeadLetterKind = tuple[str, str | None]
"""Code and tenant of a dead letter."""


class BurstDetector:
    """Watches the latest 200 records.

    Attributes:
        current: While more than half of a full window are dead letters, the code and tenant that most of them share.
    """

    def __init__(self) -> None:
        self._latest: deque[DeadLetterKind | None] = deque(maxlen=WINDOW)
        self.current: str | None = None

    def add(self, kinds: Sequence[DeadLetterKind | None]) -> str | None:
        """Add records, None for each that is no dead letter, and return the burst that began among them, if one did.

        It may be over by the end of ``kinds``: a batch is longer than the window.
        """
        if self.current is None and not any(kinds):
            # No burst can begin: this is the usual batch, and needs no closer look.
            self._latest.extend(kinds[-WINDOW:])
            return None
        began = None
        for start in range(0, len(kinds), CHECK_EVERY_RECORDS):
            before = self.current
            self._latest.extend(kinds[start : start + CHECK_EVERY_RECORDS])
            self.current = self._most_common()
            began = began or (self.current if before is None else None)
        return began

    def _most_common(self) -> str | None:
        dead = Counter(kind for kind in self._latest if kind is not None)
        if dead.total() * 2 <= WINDOW:
            return None
        (code, tenant_id), n = dead.most_common(1)[0]
        return f"{n} of the latest {WINDOW}: {code} of {tenant_id or 'an unknown tenant'}"
