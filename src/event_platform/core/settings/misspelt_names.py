"""Which setting or tenant an unknown name was probably meant to be, so that a typo is not silently ignored."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_SEPARATORS: Final = re.compile(r"[._-]+")
_LONG_NAME: Final = 12
"""Characters from which a name may differ by two edits instead of one."""
_MAX_ADDED: Final = 4
"""Characters by which a word that is spelt out may exceed its short form, as MINUTE does MIN."""
_SHORT_TENANT: Final = 4
"""Characters up to which a tenant's name may not differ at all: a single letter tells short names apart."""
_MIN_ABBREVIATION: Final = 3


def find_intended_setting(name: str, known: Iterable[str]) -> str | None:
    """Return the setting among ``known`` that ``name`` was probably meant to be, or None.

    Recognises one edit (two in a long name), words in another order or joined, an abbreviated word, and last words that
    are missing or spelt out (``RATE_LIMIT_PER_MINUTE``). An additional word makes a different name:
    ``DATABASE_URL_TEST``.
    """
    words = _words(name.upper())
    candidates = [each for each in known if _is_variant(words, _words(each))]
    return min(candidates, key=lambda each: edit_distance(name.upper(), each), default=None)


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name) if word]


def _is_variant(given: list[str], known: list[str]) -> bool:
    if given[: len(known)] == known and len(given) > len(known):
        return False
    if sorted(given) == sorted(known) or (len(given) > 1 and known[: len(given)] == given):
        return True
    joined, whole = "".join(given), "".join(known)
    is_spelt_out = joined.startswith(whole) and len(joined) - len(whole) <= _MAX_ADDED
    max_distance = 1 if len(whole) < _LONG_NAME else 2
    return is_spelt_out or is_within_distance(joined, whole, max_distance) or _is_abbreviated(given, known)


def _is_abbreviated(given: list[str], known: list[str]) -> bool:
    """Return whether one word lacks letters and all others are equal: ``SECS`` for ``SECONDS``."""
    if len(given) != len(known):
        return False
    different = [pair for pair in zip(given, known, strict=True) if pair[0] != pair[1]]
    if len(different) != 1 or len(different[0][0]) < _MIN_ABBREVIATION:
        return False
    letters = iter(different[0][1])
    return all(letter in letters for letter in different[0][0])


def find_intended_tenant(name: str, known: Iterable[str]) -> str | None:
    """Return the tenant among ``known`` that ``name`` misspells, or None; ``shop-2`` does not misspell ``shop-1``."""
    words = _words(name.lower())
    return next((each for each in known if _is_same_tenant(words, _words(each.lower()))), None)


def _is_same_tenant(given: list[str], known: list[str]) -> bool:
    different = [pair for pair in zip(given, known, strict=False) if pair[0] != pair[1]]
    if len(given) == len(known) and any(_is_ordinal(word) for pair in different for word in pair):
        return False
    joined, whole = "".join(given), "".join(known)
    return is_within_distance(joined, whole, 1 if len(whole) > _SHORT_TENANT else 0)


def _is_ordinal(word: str) -> bool:
    """Return whether a word numbers things of one kind: a single letter, or a word with a digit."""
    return len(word) == 1 or any(character.isdigit() for character in word)


def is_within_distance(one: str, other: str, max_distance: int) -> bool:
    """Return whether the edit distance is at most ``max_distance``; compares the letters first, which is cheaper."""
    has_few_changes = (Counter(one) - Counter(other)).total() <= max_distance >= (Counter(other) - Counter(one)).total()
    return has_few_changes and edit_distance(one, other) <= max_distance


def edit_distance(one: str, other: str) -> int:
    """Count the letters omitted, added, replaced or swapped with the next between two words.

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
