"""Recent requests of each tenant, counted by all processes of the service in memory that they share.

Each process writes a part of its own, so nothing is locked: entries with a tenant's key and the counts of its latest
time slots. Counts outlive the process that wrote them, and its replacement continues with them.
"""

import hashlib
import mmap
from pathlib import Path
from typing import Final, TypeAlias

SLOTS: Final = 13
"""Time slots that are kept: those of a window, and the oldest one in full."""

_MAX_TENANTS: Final = 16_384
"""Entries of a process; the last one is shared by all tenants beyond them. Only entries in use take memory."""
_ENTRY: Final = 1 + SLOTS
_HEAD: Final = 2
_COUNT_BITS: Final = 32

Numbers: TypeAlias = "memoryview[int]"


class SharedRateCounts:
    """Counts of one process, and the sums over all of them.

    Args:
        memory: The shared memory: for each process its head (entries in use; the slot through which Redis is stale),
            then its entries. A cell holds a slot's number in its upper half and the count in its lower half, so that
            both change at once.
        worker: Index of this process.
        workers: How many processes share the memory.
    """

    def __init__(self, memory: Numbers, worker: int, workers: int) -> None:
        size = len(memory) // workers
        self._memory = memory
        self._parts = [each * size for each in range(workers)]
        self._worker = worker
        self._own_part = self._parts[worker]
        self._max_entries = (size - _HEAD) // _ENTRY - 1
        self._own_entries: dict[str, int] = {}
        self._known_entries: list[dict[int, int]] = [{} for _ in range(workers)]

    @staticmethod
    def memory(workers: int, tenants: int = _MAX_TENANTS) -> Numbers:
        """Return memory that no other process sees."""
        return memoryview(mmap.mmap(-1, _size_bytes(workers, tenants))).cast("q")

    @classmethod
    def shared(cls, path: Path, worker: int, workers: int) -> "SharedRateCounts":
        """Return the counts of one of several processes in the file ``path``, which is created if it does not exist."""
        size = _size_bytes(workers, _MAX_TENANTS)
        with path.open("ab") as file:
            file.truncate(size)
        with path.open("r+b") as file:
            return cls(memoryview(mmap.mmap(file.fileno(), size)).cast("q"), worker, workers)

    def add(self, tenant: str, slot: int, count: int) -> None:
        """Count requests of ``tenant`` in ``slot``; a negative ``count`` subtracts, if the slot is still kept."""
        at = (self._own_entries.get(tenant) or self._own_entry(tenant)) + slot % SLOTS
        base = slot << _COUNT_BITS
        counted = self._memory[at] - base
        if counted >= 1 << _COUNT_BITS:
            # The cell belongs to a later slot by now.
            return
        self._memory[at] = base + max(0, max(0, counted) + count)

    def by_slot(self, tenant: str, current: int) -> dict[int, int]:
        """Return the requests of ``tenant`` over all processes, by slot of the window that ends with ``current``."""
        key, counts = _key(tenant), dict[int, int]()
        for worker, part in enumerate(self._parts):
            entry = self._find_entry(worker, part, key)
            for cell in self._memory[entry : entry + SLOTS] if entry else ():
                slot, count = divmod(cell, 1 << _COUNT_BITS)
                if count and slot > current - SLOTS:
                    counts[slot] = counts.get(slot, 0) + count
        return counts

    def mark_stale_through(self, slot: int) -> None:
        """Record that Redis may lack counts through ``slot``."""
        self._memory[self._own_part + 1] = max(slot, self._memory[self._own_part + 1])

    def is_redis_stale(self, slot: int) -> bool:
        """Tell whether Redis may lack counts that matter in ``slot``."""
        memory = self._memory
        for part in self._parts:  # noqa: SIM110 - runs for each request, and `any` costs three times as much
            if memory[part + 1] >= slot:
                return True
        return False

    def _own_entry(self, tenant: str) -> int:
        """Return where the slots of ``tenant`` begin in the own part; add an entry for a new tenant."""
        key, used = _key(tenant), self._memory[self._own_part]
        entry = self._find_entry(self._worker, self._own_part, key)
        if not entry:
            entry = _entry(self._own_part, used)
            self._memory[entry - 1] = key
            # Last, because other processes read entries up to this number.
            self._memory[self._own_part] = used + 1
        self._own_entries[tenant] = entry
        return entry

    def _find_entry(self, worker: int, part: int, key: int) -> int:
        """Return where the slots with ``key`` begin in the part of ``worker``; 0 where it has none."""
        known, used = self._known_entries[worker], self._memory[part]
        if key not in known and used > len(known):
            first = part + _HEAD
            keys = self._memory[first : first + used * _ENTRY : _ENTRY].tolist()
            known.update((each, _entry(part, at)) for at, each in enumerate(keys))
        return known.get(key) or (_entry(part, self._max_entries) if used == self._max_entries else 0)


def _entry(part: int, number: int) -> int:
    """Return where the slots of an entry begin, behind its key."""
    return part + _HEAD + number * _ENTRY + 1


def _size_bytes(workers: int, tenants: int) -> int:
    return workers * (_HEAD + tenants * _ENTRY) * 8


def _key(tenant: str) -> int:
    digest = hashlib.blake2b(tenant.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
