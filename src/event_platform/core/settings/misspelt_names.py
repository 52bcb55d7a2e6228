"""Names that are no setting but look like one: misspelt settings would otherwise pass without a word."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_WORDS = re.compile(r"[._-]+")
_LONG_NAME: Final = 12
_MOST_ADDED: Final = 4
_SHORTEST_ABBREVIATION: Final = 3


def resembled(name: str, known: Iterable[str]) -> str | None:
    """The setting among ``known`` that somebody meant who wrote ``name``; None where it is clearly another's.

    Meant are a slip of one letter (of two in a long name), another order or joining of the words, an abbreviated word,
    and last words that are missing or spelt out (``RATE_LIMIT_PER_MINUTE``). A further word makes another name:
    ``DATABASE_URL_TEST``.
    """
    written = _words(name.upper())
    meant = [each for each in known if _is_meant(written, _words(each))]
    return min(meant, key=lambda each: slips(name.upper(), each), default=None)


def _words(name: str) -> list[str]:
    return [word for word in _WORDS.split(name) if word]


def _is_meant(written: list[str], known: list[str]) -> bool:
    if written[: len(known)] == known and len(written) > len(known):
        return False
    if sorted(written) == sorted(known) or (len(written) > 1 and known[: len(written)] == written):
        return True
    joined, whole = "".join(written), "".join(known)
    is_spelt_out = joined.startswith(whole) and len(joined) - len(whole) <= _MOST_ADDED
    allowed = 1 if len(whole) < _LONG_NAME else 2
    return is_spelt_out or has_few_slips(joined, whole, allowed) or _is_abbreviated(written, known)


def _is_abbreviated(written: list[str], known: list[str]) -> bool:
    """Whether one word has lost letters, and no other differs: ``SECS`` for ``SECONDS``."""
    if len(written) != len(known):
        return False
    different = [pair for pair in zip(written, known, strict=True) if pair[0] != pair[1]]
    if len(different) != 1 or len(different[0][0]) < _SHORTEST_ABBREVIATION:
        return False
    letters = iter(different[0][1])
    return all(letter in letters for letter in different[0][0])


def resembled_tenant(name: str, known: Iterable[str]) -> str | None:
    """The tenant among ``known`` that ``name`` misspells; ``shop-2`` is another one than ``shop-1``, and no slip."""
    written = _words(name.lower())
    return next((each for each in known if _is_same_tenant(written, _words(each.lower()))), None)


def _is_same_tenant(written: list[str], known: list[str]) -> bool:
    different = [pair for pair in zip(written, known, strict=False) if pair[0] != pair[1]]
    if len(written) == len(known) and any(_is_mark(word) for pair in different for word in pair):
        return False
    joined, whole = "".join(written), "".join(known)
    # In short names a single letter tells tenants apart.
    return has_few_slips(joined, whole, 1 if len(whole) > _MOST_ADDED else 0)


def _is_mark(word: str) -> bool:
    """Whether a word tells things of one kind apart: a letter, a number."""
    return len(word) == 1 or any(character.isdigit() for character in word)


def has_few_slips(one: str, other: str, allowed: int) -> bool:
    """Whether `slips` are at most ``allowed``; most words are told apart without counting them."""
    few_changed = (Counter(one) - Counter(other)).total() <= allowed >= (Counter(other) - Counter(one)).total()
    return few_changed and slips(one, other) <= allowed


def slips(one: str, other: str) -> int:
    """How many letters were left out, added, changed or swapped with the next between two words.

    The optimal string alignment distance (https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance).
    """
    before: Sequence[int] = []
    row: Sequence[int] = range(len(other) + 1)
    for line, letter in enumerate(one, 1):
        new = [line]
        for column, against in enumerate(other, 1):
            best = min(row[column] + 1, new[-1] + 1, row[column - 1] + (letter != against))
            if line > 1 and column > 1 and letter == other[column - 2] and one[line - 2] == against:
                best = min(best, before[column - 2] + 1)
            new.append(best)
        before, row = row, new
    return row[-1]
