"""What each tenant was charged of late, by every process of this ingest: counts in memory that they share.

Each process writes a part of its own, so nothing is locked: entries of a key and the latest slots' counts. What a
process wrote outlives it, and the one that takes its place goes on with it.
"""

import hashlib
import mmap
from pathlib import Path
from typing import Final, TypeAlias

SLOTS: Final = 13
"""Slots that are kept: those of a window, and its oldest one whole."""

_TENANTS: Final = 16_384
"""Entries of a process; the last one is for all tenants beyond them together. Only those in use take memory."""
_ENTRY: Final = 1 + SLOTS
_HEAD: Final = 2
_COUNT_BITS: Final = 32

Numbers: TypeAlias = "memoryview[int]"


class Charges:
    """Counts of one process, and the sums over all of them.

    Args:
        memory: What they share: for each process the head (how many entries are in use; up to which slot Redis is not
            to be trusted), then the entries. A slot is one number, with its own number in the upper half and its count
            in the lower, so that both change at once.
        worker: Which process this is, counted from 0.
        workers: How many there are.
    """

    def __init__(self, memory: Numbers, worker: int, workers: int) -> None:
        size = len(memory) // workers
        self._memory = memory
        self._parts = [each * size for each in range(workers)]
        self._worker = worker
        self._own = self._parts[worker]
        self._most = (size - _HEAD) // _ENTRY - 1
        self._places: dict[str, int] = {}
        self._found: list[dict[int, int]] = [{} for _ in range(workers)]

    @staticmethod
    def memory(workers: int, tenants: int = _TENANTS) -> Numbers:
        """Memory that no other process sees."""
        return memoryview(mmap.mmap(-1, _size_bytes(workers, tenants))).cast("q")

    @classmethod
    def shared(cls, path: Path, worker: int, workers: int) -> "Charges":
        """Of one of several processes, in a file that is made if it does not exist."""
        size = _size_bytes(workers, _TENANTS)
        with path.open("ab") as file:
            file.truncate(size)
        with path.open("r+b") as file:
            return cls(memoryview(mmap.mmap(file.fileno(), size)).cast("q"), worker, workers)

    def add(self, tenant: str, slot: int, count: int) -> None:
        """Charge ``tenant`` so many in ``slot``; fewer than none takes back, as far as the slot is still kept."""
        at = (self._places.get(tenant) or self._place(tenant)) + slot % SLOTS
        base = slot << _COUNT_BITS
        counted = self._memory[at] - base
        if counted >= 1 << _COUNT_BITS:
            # The place has gone to a later slot.
            return
        self._memory[at] = base + max(0, max(0, counted) + count)

    def by_slot(self, tenant: str, current: int) -> dict[int, int]:
        """What all processes charged ``tenant`` in each slot that counts while ``current`` is the latest."""
        key, found = _key(tenant), dict[int, int]()
        for worker, part in enumerate(self._parts):
            entry = self._find(worker, part, key)
            for cell in self._memory[entry : entry + SLOTS] if entry else ():
                slot, count = divmod(cell, 1 << _COUNT_BITS)
                if count and slot > current - SLOTS:
                    found[slot] = found.get(slot, 0) + count
        return found

    def distrust(self, slot: int) -> None:
        """Up to ``slot`` Redis may not know of all that was charged."""
        self._memory[self._own + 1] = max(slot, self._memory[self._own + 1])

    def is_trusted(self, slot: int) -> bool:
        """Whether Redis knows of all that counts in ``slot``."""
        memory = self._memory
        for part in self._parts:  # noqa: SIM110 - asked for each request, and `all` costs three times as much
            if memory[part + 1] >= slot:
                return False
        return True

    def _place(self, tenant: str) -> int:
        """Where the slots of ``tenant`` begin in the own part; those of a new one are made."""
        key, used = _key(tenant), self._memory[self._own]
        entry = self._find(self._worker, self._own, key)
        if not entry:
            entry = _entry(self._own, used)
            self._memory[entry - 1] = key
            # Last, because others read as far as this.
            self._memory[self._own] = used + 1
        self._places[tenant] = entry
        return entry

    def _find(self, worker: int, part: int, key: int) -> int:
        """Where the slots with ``key`` begin in the part of ``worker``; 0 where it has none."""
        found, used = self._found[worker], self._memory[part]
        if key not in found and used > len(found):
            first = part + _HEAD
            keys = self._memory[first : first + used * _ENTRY : _ENTRY].tolist()
            found.update((each, _entry(part, at)) for at, each in enumerate(keys))
        return found.get(key) or (_entry(part, self._most) if used == self._most else 0)


def _entry(part: int, number: int) -> int:
    """Where the slots of an entry begin, behind its key."""
    return part + _HEAD + number * _ENTRY + 1


def _size_bytes(workers: int, tenants: int) -> int:
    return workers * (_HEAD + tenants * _ENTRY) * 8


def _key(tenant: str) -> int:
    digest = hashlib.blake2b(tenant.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
