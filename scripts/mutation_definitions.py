"""Mutations: ways to break the code on purpose, and the tests that have to fail then (``tests/mutations/*.toml``)."""

from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parents[1] / "tests" / "mutations"


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The replacement of a text that occurs once in a file, whose path is relative to the repository."""

    file: str
    old: str
    new: str

    def apply_to(self, text: str) -> str:
        """Return the file's text with the replacement.

        Raises:
            ValueError: ``old`` does not occur exactly once.
        """
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: this occurs {times} times instead of once:\n{self.old}")
        return text.replace(self.old, self.new)


class Mutation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to break the code.

    Attributes:
        fault: The fault that the platform tolerates.
        broken: What the edits break, in words.
        failed: How the tests failed.
        tests: The tests as pytest takes them, relative to the repository.
        edits: The edits, in order.
        is_long: Whether some of the tests have the mark ``long``.
        limit_seconds: The time limit of the tests, if it is longer than usual.
    """

    fault: str
    broken: str
    failed: str
    tests: tuple[str, ...]
    edits: tuple[Edit, ...]
    is_long: bool = False
    limit_seconds: float = 0


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mutations of a file; ``name`` is the file's name without suffix."""

    name: str
    mutations: tuple[Mutation, ...]

    def matching(self, words: list[str]) -> list[Mutation]:
        """Return the mutations whose texts, tests, files or section contain every word."""
        return [each for each in self.mutations if all(word.lower() in self._text(each) for word in words)]

    def _text(self, mutation: Mutation) -> str:
        named = (*mutation.tests, *(edit.file for edit in mutation.edits))
        return "\n".join((self.name, mutation.fault, mutation.broken, mutation.failed, *named)).lower()


def read(folder: Path = FOLDER) -> list[Section]:
    """Read all sections, sorted by file name.

    Raises:
        msgspec.DecodeError: A file is not TOML, or a mutation is incomplete.
    """
    return [_section(path) for path in sorted(folder.glob("*.toml"))]


def _section(path: Path) -> Section:
    content = msgspec.toml.decode(path.read_bytes(), type=dict[str, tuple[Mutation, ...]])
    return Section(path.stem, content["mutations"])
