"""A file with every attempt of a worker, one JSON object per line, for reconciliation."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import msgspec

from event_platform.loadgen.recording.attempt import Attempt, attempt_of
from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.traffic.events import Event

_BUFFER_BYTES: Final = 262_144


class AttemptLog:
    """Appends the attempts of one worker to a new file; discards them if ``path`` is None."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("wb", buffering=_BUFFER_BYTES) if path else None
        self._encoder = msgspec.json.Encoder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def append(self, event: Event, result: AttemptResult) -> None:
        """Write one attempt to send ``event``."""
        if self._file:
            self._file.write(self._encoder.encode(attempt_of(event, result)) + b"\n")


def read(paths: Iterable[Path]) -> Iterator[Attempt]:
    """Yield all attempts in these files."""
    decode = msgspec.json.Decoder(Attempt).decode
    for path in paths:
        with path.open("rb") as file:
            yield from map(decode, file)
