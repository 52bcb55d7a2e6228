"""Notices when most of what comes is dead: one tenant's mistake, or a change that nobody announced."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

WINDOW: Final = 200

Kind = tuple[str, str | None]
"""Code and tenant of a dead letter."""


class Bursts:
    """Watches the latest 200 messages."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._latest: deque[Kind | None] = deque(maxlen=WINDOW)

    def add(self, kinds: Iterable[Kind | None]) -> str | None:
        """Note messages, None for each that is not dead.

        Returns:
            The code and tenant that most of the dead ones share, where more than half of a full window is dead.
        """
        self._latest.extend(kinds)
        dead = Counter(kind for kind in self._latest if kind is not None)
        if dead.total() * 2 <= WINDOW:
            return None
        (code, tenant_id), n = dead.most_common(1)[0]
        return f"{n} of the latest {WINDOW}: {code} of {tenant_id or 'an unknown tenant'}"
