"""How near a name is to what somebody typed: one ranking for all lists of names that are at hand.

Records are many: ``records.lists.choices`` ranks them out of their index.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from fieldapp.vietnamese.text import is_too_long, name_key, search_key, spelling, typed_words, words_of

IS, IS_OTHERWISE, BEGINS, IS_CALLED, IS_WORD, IN_NAME, CALLED, ALSO, PART = range(9)
"""The name is what was typed; it is these words in another order, or with other diacritics; the name begins with the
typed words; one of its other names is these; all of them are words of the name; they begin words of the name; one of
its other names begins with them; they begin words of either; they are letters within words"""
OTHER_MARKS = 10
"""Added where diacritics were typed, and the words have others: ``họp`` is not ``hợp``"""
FAR = 100
"""Farther than anything that fits"""
LEAST_PART = 3
"""Fewer letters than these are within too many words"""


def nearness(typed: str, name: str, also_called: str = "") -> int | None:
    """``IS`` … ``PART``, a lower number for the nearer; None if the name does not fit.

    ``also_called``: other words for it, with commas between. Every typed word must be found, in whatever order, with or
    without diacritics and with other blanks (``ngaycong``).
    """
    there = _words(name, also_called)
    found = _tier(typed, there)
    if found is None or found in (IS_OTHERWISE, PART) or _same_marks(typed, there):
        return found
    return IS_OTHERWISE if found == IS else found + OTHER_MARKS


def words_found(typed: str, name: str, also_called: str = "") -> int:
    """How many of the typed words begin words of the name or of its other names, without the shortest words; those with
    the same diacritics count twice."""
    there = _words(name, also_called)
    if is_too_long(typed):
        return 0
    long = [word for word in set(words_of(typed)) if len(search_key(word)) >= LEAST_PART]
    return sum(1 + _same_marks(word, there) for word in long if _begun((search_key(word),), there.all))


def nearest(lines: Iterable[tuple[int | None, Any, str]]) -> list[tuple[int, Any, str]]:
    """(nearness, value, name) of what fits, the nearest first; letters within words count only if nothing else fits."""
    found = sorted(((near, value, name) for near, value, name in lines if near is not None), key=lambda line: line[0])
    return [line for line in found if line[0] != PART or found[0][0] == PART]


class _Words(NamedTuple):
    """A name and its other names, for comparison."""

    key: str
    very: str
    """The name without what it belongs to, which follows after “ · ”"""
    called: frozenset[str]
    named: list[str]
    all: list[str]
    joined: str
    spelled: list[tuple[str, tuple[int, ...]]]


@lru_cache(maxsize=4_000)
def _words(name: str, also_called: str) -> _Words:
    both = f"{name} {also_called}"
    named = name_key(name).split()
    return _Words(
        key=search_key(name),
        very=search_key(name.partition(" · ")[0]),
        called=frozenset(search_key(text) for text in also_called.split(",")),
        named=named,
        all=[*named, *name_key(also_called).split()],
        joined=search_key(both).replace(" ", ""),
        spelled=[spelling(word) for word in words_of(both)],
    )


def _tier(typed: str, there: _Words) -> int | None:
    if is_too_long(typed):
        return None
    key = search_key(typed)
    words = [tuple(either) for either in typed_words(typed)]
    for name in (there.very, there.key):
        if key and same_words(key, name):
            return IS if key.replace(" ", "") == name.replace(" ", "") else IS_OTHERWISE
    if there.key.startswith(key):
        return BEGINS
    if key in there.called:
        return IS_CALLED
    if all(any(word in there.named for word in either) for either in words):
        return IS_WORD
    if all(_begun(either, there.named) for either in words):
        return IN_NAME
    if any(text.startswith(key) for text in there.called):
        return CALLED
    if all(_begun(either, there.all) for either in words):
        return ALSO
    return PART if len(key) >= LEAST_PART and key.replace(" ", "") in there.joined else None


def same_words(one: str, other: str) -> bool:
    """Whether two search keys are the same name, be it with other blanks or in another order."""
    return one.replace(" ", "") == other.replace(" ", "") or sorted(one.split()) == sorted(other.split())


def _begun(either: tuple[str, ...], words: list[str]) -> bool:
    return any(word.startswith(either) for word in words)


def _same_marks(typed: str, there: _Words) -> bool:
    """Whether each typed word begins one that is there, with its diacritics too; always where none are typed."""
    return typed.isascii() or all(
        any(other.startswith(letters) and tones[: len(own)] == own for other, tones in there.spelled)
        for letters, own in map(spelling, words_of(typed))
    )
