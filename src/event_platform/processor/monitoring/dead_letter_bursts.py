"""Notices when most of what comes is dead: one tenant's mistake, or a change that nobody announced."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

WINDOW: Final = 200
STEP: Final = 25
"""Messages after which is looked, a divisor of the window: oftener would cost more than it tells."""

Kind = tuple[str, str | None]
"""Code and tenant of a dead letter."""


class Bursts:
    """Watches the latest 200 messages."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._latest: deque[Kind | None] = deque(maxlen=WINDOW)
        self.now: str | None = None
        """The code and tenant that most of the dead ones share, while more than half of a full window is dead."""

    def add(self, kinds: Sequence[Kind | None]) -> str | None:
        """Note messages, None for each that is not dead, and return the burst that began among them, if one did.

        It may be over by their end: a batch is longer than the window.
        """
        if self.now is None and not any(kinds):
            # No burst can begin: this is the usual batch, and is not worth looking at it closely.
            self._latest.extend(kinds[-WINDOW:])
            return None
        began = None
        for start in range(0, len(kinds), STEP):
            before = self.now
            self._latest.extend(kinds[start : start + STEP])
            self.now = self._most()
            began = began or (self.now if before is None else None)
        return began

    def _most(self) -> str | None:
        dead = Counter(kind for kind in self._latest if kind is not None)
        if dead.total() * 2 <= WINDOW:
            return None
        (code, tenant_id), n = dead.most_common(1)[0]
        return f"{n} of the latest {WINDOW}: {code} of {tenant_id or 'an unknown tenant'}"
