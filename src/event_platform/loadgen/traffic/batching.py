"""Events collected into batches, as a producer does that sends many."""

from collections.abc import Iterable, Iterator

from event_platform.loadgen.traffic.plan import Request

MAX_BATCH_BYTES = 3_500_000
"""Of all bodies of a batch; the contract's limit of 4 MiB is for the whole."""


def batched(requests: Iterable[Request], size: int) -> Iterator[Request]:
    """Requests with up to ``size`` events of one tenant each; a batch starts when its last event is due.

    What would spoil a batch as a whole stays a request of its own.
    """
    collected: dict[str, list[Request]] = {}
    for request in requests:
        if not request.events[0].kind.in_batch:
            yield request
            continue
        batch = collected.setdefault(request.tenant, [])
        batch.append(request)
        if len(batch) == size or sum(each.body_bytes for each in batch) > MAX_BATCH_BYTES:
            yield _joined(collected.pop(request.tenant))
    yield from map(_joined, collected.values())


def _joined(batch: list[Request]) -> Request:
    return Request(batch[-1].at, tuple(event for request in batch for event in request.events))
