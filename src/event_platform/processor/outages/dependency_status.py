"""Which dependencies answer, as the operations that need them find out."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

KAFKA: Final = "kafka"
POSTGRES: Final = "postgres"
DEAD_LETTER_TOPIC: Final = "dead_letter_topic"
PROCESSOR: Final = "processor"
"""The processor itself, to which errors in our own code are attributed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that fails, since when, and which dependency causes it."""

    dependency: str
    error: str
    since: str
    is_critical: bool = True
    """Whether good events are not stored because of it."""

    def __str__(self) -> str:
        """Return the dependency and its error, as the reason in `/health` shows them."""
        return f"{self.dependency}: {self.error}"


class LastError:
    """The latest error that `/health` shows, kept after the processor has recovered from it.

    Attributes:
        report: ``message``, ``at`` and ``since``; None before the first error.
    """

    def __init__(self, now: Callable[[], str]) -> None:
        """Take times from ``now``, as `/health` writes them."""
        self._now = now
        self.report: dict[str, str] | None = None

    def record(self, message: str, since: str | None = None) -> None:
        """Replace the error by one that lasts ``since`` then, or began now."""
        now = self._now()
        self.report = {"message": message, "at": now, "since": since or now}


class DependencyStatus:
    """The failing operations by name, written by any thread.

    An operation's failure lasts until that operation succeeds, whatever else succeeds with the same dependency.
    """

    def __init__(self, now: Callable[[], str], last_error: LastError) -> None:
        """Take times from ``now``, as `/health` writes them."""
        self._now = now
        self._last_error = last_error
        self._lock = threading.Lock()
        self._failures: dict[str, Failure] = {}
        self._seen_working: set[str] = set()

    def mark_up(self, operation: str, *dependencies: str) -> None:
        """Record that ``operation`` succeeded, and that these dependencies answered it."""
        with self._lock:
            self._failures.pop(operation, None)
            self._seen_working.update(dependencies)

    def mark_down(self, operation: str, dependency: str, error: str, *, is_critical: bool = True) -> None:
        """Record that ``operation`` failed because of ``dependency``.

        A failure that is not critical belongs to a background task. One of the dead-letter topic never is: events are
        stored without it.
        """
        is_critical = is_critical and dependency != DEAD_LETTER_TOPIC
        now = self._now()
        with self._lock:
            known = self._failures.get(operation)
            since = known.since if known and known.dependency == dependency else now
            self._failures[operation] = Failure(dependency, error, since, is_critical)
        self._last_error.record(error, since)

    def critical_failures(self) -> Iterator[str]:
        """Failures that keep good events from being stored."""
        return (str(failure) for failure in tuple(self._failures.values()) if failure.is_critical)

    def background_failures(self) -> Iterator[str]:
        """Failures of work beside storing."""
        return (str(failure) for failure in tuple(self._failures.values()) if not failure.is_critical)

    def report(self) -> list[dict[str, str | None]]:
        """Each dependency with its status: ``ok``, ``degraded``, ``down`` or ``unknown``."""
        return [self._entry(name) for name in (KAFKA, POSTGRES, DEAD_LETTER_TOPIC)]

    def _entry(self, name: str) -> dict[str, str | None]:
        with self._lock:
            failures = [failure for failure in self._failures.values() if failure.dependency == name]
            status = "ok" if name in self._seen_working else "unknown"
        if not failures:
            return {"name": name, "status": status, "error": None, "since": None}
        worst = next((failure for failure in failures if failure.is_critical), failures[0])
        # Without its topic no dead letter is published; a background failure of another dependency stops one task only.
        is_down = worst.is_critical or name == DEAD_LETTER_TOPIC
        return {"name": name, "status": "down" if is_down else "degraded", "error": worst.error, "since": worst.since}
