"""What is broken on purpose, and which tests are to see it: the rows of ``tests/mutations/*.toml``."""

from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[1] / "tests" / "mutations"


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in a file (from the repository's root) that stands there once, and what takes its place."""

    file: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """The file's text with it made.

        Raises:
            ValueError: ``old`` does not stand there exactly once.
        """
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: this stands there {times} times instead of once:\n{self.old}")
        return text.replace(self.old, self.new)


class Mutation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to break the code.

    Attributes:
        fault: What happens to the platform, which it withstands.
        broken: What the edits take from it, in words.
        failed: How the tests showed it.
        tests: Paths as pytest takes them, from the repository's root.
        edits: Made in their order.
        is_long: Some of the tests carry the mark ``long``.
        limit_seconds: How long the tests may take, where that is more than usual.
    """

    fault: str
    broken: str
    failed: str
    tests: tuple[str, ...]
    edits: tuple[Edit, ...]
    is_long: bool = False
    limit_seconds: float = 0


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of them; ``name`` is the file's, without its ending."""

    name: str
    mutations: tuple[Mutation, ...]

    def having(self, words: list[str]) -> list[Mutation]:
        """Those in whose texts, names of tests and files, or section each word occurs."""
        return [each for each in self.mutations if all(word.lower() in self._text(each) for word in words)]

    def _text(self, mutation: Mutation) -> str:
        named = (*mutation.tests, *(edit.file for edit in mutation.edits))
        return "\n".join((self.name, mutation.fault, mutation.broken, mutation.failed, *named)).lower()


def read(folder: Path = FOLDER) -> list[Section]:
    """All of them, by their files' names.

    Raises:
        msgspec.DecodeError: A file is no TOML, or a mutation lacks something.
    """
    return [_section(path) for path in sorted(folder.glob("*.toml"))]


def _section(path: Path) -> Section:
    content = msgspec.toml.decode(path.read_bytes(), type=dict[str, tuple[Mutation, ...]])
    return Section(path.stem, content["mutations"])
