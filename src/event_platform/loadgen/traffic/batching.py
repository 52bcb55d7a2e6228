"""Joins single requests into batches, as a producer with many events does."""

from collections.abc import Iterable, Iterator
from typing import Final

from event_platform.loadgen.traffic.events import Request

_MAX_BATCH_BYTES: Final = 3_500_000
"""Bound on the bodies of a batch; the API's limit of 4 MiB applies to the whole request."""


def batched(requests: Iterable[Request], size: int) -> Iterator[Request]:
    """Yield requests with up to ``size`` events of one tenant each; a batch starts when its last event is due.

    An event that would fail its whole batch stays a request of its own.
    """
    collected: dict[str, list[Request]] = {}
    for request in requests:
        if not request.events[0].kind.in_batch:
            yield request
            continue
        batch = collected.setdefault(request.tenant, [])
        batch.append(request)
        if len(batch) == size or sum(each.body_bytes for each in batch) > _MAX_BATCH_BYTES:
            yield _joined(collected.pop(request.tenant))
    yield from map(_joined, collected.values())


def _joined(batch: list[Request]) -> Request:
    return Request(batch[-1].start_seconds, tuple(event for request in batch for event in request.events))
