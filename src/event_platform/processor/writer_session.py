"""The writer thread and its connection, on which all statements about a consumer's partitions run one by one."""

from collections.abc import Callable
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from dataclasses import dataclass
from typing import TypeVar

from event_platform.core.connections.postgres import Connection
from event_platform.processor.background_thread import BackgroundThread
from event_platform.processor.outages.retry import Retrier
from event_platform.processor.storage.connection import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WriterSession:
    """One consumer's; a new consumer gets a new one, because the old connection may be stuck."""

    thread: BackgroundThread
    database: Database
    retrier: Retrier

    def submit(self, work: Callable[[Connection], T], operation: str, needs: tuple[str, ...]) -> "Future[T]":
        """Run ``work`` after what was submitted before, and retry it until it succeeds."""
        return self.thread.submit(lambda: self.retrier.run(lambda: work(self.database.connection()), operation, needs))
