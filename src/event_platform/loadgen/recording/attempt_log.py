"""Every attempt with its answer, in a file for the reckoning: a JSON object a line."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self
from zlib import crc32

import msgspec

from event_platform.loadgen.reconciliation.reconcile import Sent
from event_platform.loadgen.recording.attempt_result import Ended
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import REUSED_KEY

_BUFFER_BYTES = 262_144


class Ledger:
    """Written by one worker; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("wb", buffering=_BUFFER_BYTES) if path else None
        self._encoder = msgspec.json.Encoder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def enter(self, event: Event, ended: Ended) -> None:
        """One attempt of one event."""
        if self._file:
            self._file.write(self._encoder.encode(entry(event, ended)) + b"\n")


def entry(event: Event, ended: Ended) -> Sent:
    """What the reckoning needs to know of an attempt."""
    return Sent(
        event.tenant,
        event.key,
        event.kind.expected,
        ended.status,
        ended.request_id,
        ended.duplicate,
        ended.undelivered,
        f"{crc32(event.body):x}" if event.kind is REUSED_KEY else "",
    )


def read(paths: Iterable[Path]) -> Iterator[Sent]:
    """All entries of these files."""
    decode = msgspec.json.Decoder(Sent).decode
    for path in paths:
        with path.open("rb") as file:
            yield from map(decode, file)
