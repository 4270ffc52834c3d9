"""How near a name is to what somebody typed: one ranking for all lists of names that are at hand.

Records are many: ``records.lists.choices`` ranks them out of their index.
"""

from collections.abc import Iterable, Sequence
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
    there, asked = _words(name, also_called), _asked(typed)
    found = None if asked is None else _tier(asked, there)
    if asked is None or found in (None, IS_OTHERWISE, PART) or _same_marks(asked.marks, there):
        return found
    return IS_OTHERWISE if found == IS else found + OTHER_MARKS


def words_found(typed: str, name: str, also_called: str = "") -> int:
    """How many of the typed words begin words of the name or of its other names, without the shortest words; those with
    the same diacritics count twice."""
    there, asked = _words(name, also_called), _asked(typed)
    long = asked.long if asked else []
    return sum(1 + _same_marks(marks, there) for begin, marks in long if begin in there.all)


def nearest(lines: Iterable[tuple[int | None, Any, str]]) -> list[tuple[int, Any, str]]:
    """(nearness, value, name) of what fits, the nearest first; letters within words count only if nothing else fits."""
    found = sorted(((near, value, name) for near, value, name in lines if near is not None), key=lambda line: line[0])
    return [line for line in found if line[0] != PART or found[0][0] == PART]


_Marks = Sequence[tuple[str, tuple[int, ...]]]
"""Words as they are spelled"""


class _Asked(NamedTuple):
    """What is typed, made ready once for all the names that it is compared with."""

    key: str
    same: tuple[str, list[str]]
    words: list[list[str]]
    """What may stand in the place of each word, a blank before each"""
    marks: _Marks
    """Nothing where no diacritics are typed"""
    long: list[tuple[str, _Marks]]
    """The words that are not short, a blank before each, with their marks"""


@lru_cache(maxsize=16)
def _asked(typed: str) -> _Asked | None:
    """None where it is too long for a name."""
    if is_too_long(typed):
        return None
    key = search_key(typed)
    long = {word: search_key(word) for word in words_of(typed)}
    return _Asked(
        key=key,
        same=_in_any_order(key),
        words=[[f" {word}" for word in either] for either in typed_words(typed)],
        marks=_marks(typed),
        long=[(f" {begin}", _marks(word)) for word, begin in long.items() if len(begin) >= LEAST_PART],
    )


def _marks(typed: str) -> _Marks:
    return [] if typed.isascii() else [spelling(word) for word in words_of(typed)]


class _Words(NamedTuple):
    """A name and its other names, for comparison."""

    key: str
    same: list[tuple[str, list[str]]]
    """The name, without what it belongs to, which follows after “ · ”, and with it"""
    called: str
    """Its other names, a line feed before and after each"""
    named: str
    """The words of the name, a blank before and after each"""
    all: str
    """They and the words of its other names"""
    joined: str
    spelled: _Marks


@lru_cache(maxsize=4_000)
def _words(name: str, also_called: str) -> _Words:
    both, key = f"{name} {also_called}", search_key(name)
    named = f" {name_key(name)} "
    return _Words(
        key=key,
        same=[_in_any_order(search_key(name.partition(" · ")[0])), _in_any_order(key)],
        called="\n".join(["", *(search_key(text) for text in also_called.split(",")), ""]),
        named=named,
        all=f"{named}{name_key(also_called)} ",
        joined=search_key(both).replace(" ", ""),
        spelled=[spelling(word) for word in words_of(both)],
    )


def _tier(asked: _Asked, there: _Words) -> int | None:
    key, joined = asked.key, asked.same[0]
    begun = _each(asked.words, there.all)
    within = joined in there.joined
    if not begun and not within:  # nearly every name: all that follows needs one of them
        return None
    for same in there.same:
        if key and _same(asked.same, same):
            return IS if joined == same[0] else IS_OTHERWISE
    if there.key.startswith(key):
        return BEGINS
    if f"\n{key}\n" in there.called:
        return IS_CALLED
    if _each([[f"{word} " for word in either] for either in asked.words], there.named):
        return IS_WORD
    if _each(asked.words, there.named):
        return IN_NAME
    if f"\n{key}" in there.called:
        return CALLED
    if begun:
        return ALSO
    return PART if len(key) >= LEAST_PART else None


def same_words(one: str, other: str) -> bool:
    """Whether two search keys are the same name, be it with other blanks or in another order."""
    return _same(_in_any_order(one), _in_any_order(other))


def _in_any_order(key: str) -> tuple[str, list[str]]:
    return key.replace(" ", ""), sorted(key.split())


def _same(one: tuple[str, list[str]], other: tuple[str, list[str]]) -> bool:
    return one[0] == other[0] or one[1] == other[1]


def _each(words: Iterable[Iterable[str]], there: str) -> bool:
    """Whether each word, or what may stand in its place, is there."""
    return all(any(word in there for word in either) for either in words)


def _same_marks(marks: _Marks, there: _Words) -> bool:
    """Whether each typed word begins one that is there, with its diacritics too; always where none are typed."""
    return all(
        any(other.startswith(letters) and tones[: len(own)] == own for other, tones in there.spelled)
        for letters, own in marks
    )
