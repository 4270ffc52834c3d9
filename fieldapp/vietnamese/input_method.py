"""Vietnamese typed on plain keys within a text: where words begin and end, and how each key changes the text."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from fieldapp.vietnamese.telex import (
    Method,
    compose,
    compose_before,
    compose_parted,
    compose_without,
    finish_word,
    spell,
)

CODE_SIGNS = ("_", "@")
"""Letters beside one of these signs are part of a code, not a word"""

LONGEST = 40
"""A word with more letters or keys is not composed"""

Parted = tuple[str, str]
"""A text before and behind the cursor"""


@dataclass(frozen=True)
class _Word:
    start: int
    keys: str
    """The keys of what stands before the cursor"""
    head: str
    tail: str = ""
    """The word before and behind the cursor, as it is shown"""
    rest: str = ""
    """The tail as it was before anything was typed in the word"""
    typed: bool = True
    """The keys are those that were typed, not made from the letters"""
    stood: bool = False
    """The word stood there before: it is never shown as the keys, of which nobody has typed some"""
    fixed: bool = False
    """The word must not change: its keys are unknown, or it is part of a code"""


@dataclass
class InputMethod:
    """The input method of one text field. It is always given the whole text before and behind the cursor."""

    method: Method
    modern: bool = False
    _word: _Word | None = None
    _keys: dict[str, str] = field(default_factory=dict)
    """Words as they are shown -> the keys that they were typed with, for whoever comes back to them"""

    def press(self, before: str, after: str, key: str) -> Parted:
        """The text after the key was pressed."""
        word = self._word_at(before, after)
        if not self.method.takes(key) or not (word.keys or key.isalpha()):
            before, after = self._end(before, after, is_code=key in CODE_SIGNS)
            return before + key, after
        if word.fixed or len(word.keys) == LONGEST:
            return before + key, after
        keys = word.keys + key
        if word.stood and self._is_as_typed(compose(keys, self.method, self.modern), keys):
            self._word = None
            return before + key, after
        return self._compose(word, keys, before, after)

    def backspace(self, before: str, after: str = "") -> Parted | None:
        """The text after Backspace took back the last key of the word, which is composed again from the other keys.

        None if they are not known: then Backspace takes a letter.
        """
        word = self._word_at(before, after)
        if word.keys and word.typed and (word is self._word or not word.rest):
            return self._compose(word, word.keys[:-1], before, after)
        return self._mend(before, after, before[:-1], after)

    def delete(self, before: str, after: str) -> Parted | None:
        """The text after the letter behind the cursor was deleted; None if no word is composed again by that."""
        return self._mend(before, after, before, after[1:])

    def finish(self, before: str, after: str = "") -> Parted:
        """The text after the end of a word. A word that is not Vietnamese becomes the typed keys again."""
        word, self._word = self._word, None
        if word is None or not _is_there(word, before, after):
            return before, after
        head, tail = compose_before(word.keys, word.rest, self.method, self.modern, ended=not word.stood)
        return self._put(word, word.keys, head, tail, before, after)

    def _end(self, before: str, after: str, *, is_code: bool) -> Parted:
        """End the word because another one begins here: what was behind the cursor is no part of it.

        ``is_code``: the word is part of a code, so it becomes the typed keys.
        """
        word, self._word = self._word, None
        if word is None or not _is_there(word, before, after):
            return before, after
        if word.stood:
            return before, word.rest + after[len(word.tail) :]
        if is_code:
            return before[: word.start] + word.keys, word.rest + after[len(word.tail) :]
        head = finish_word(word.keys, self.method, self.modern)
        return self._put(word, word.keys, head, word.rest, before, after)

    def _compose(self, word: _Word, keys: str, before: str, after: str) -> Parted:
        head, tail = compose_before(keys, word.rest, self.method, self.modern)
        self._word = _Word(word.start, keys, head, tail, word.rest, stood=word.stood) if keys else None
        return self._put(word, keys, head, tail, before, after)

    def _put(self, word: _Word, keys: str, head: str, tail: str, before: str, after: str) -> Parted:
        if head and not tail:
            self._keys[head] = keys
        return before[: word.start] + head, tail + after[len(word.tail) :]

    def _mend(self, before: str, after: str, left: str, right: str) -> Parted | None:
        """A word is composed again after one of its letters was deleted: one that is shown as it was typed, and a
        syllable, in which the tone may stand elsewhere then."""
        start, end = len(before) - self._run(_backward(before)), self._run(after)
        shown = before[start:] + after[:end]
        end -= len(after) - len(right)
        keys, at = self._keys.get(shown), len(left) - start
        if keys is None or at < 0 or end < 0:
            return None
        if self._is_as_typed(shown, keys):
            first = self._as_keys(left[start:])
            keys = first + self._as_keys(right[:end])
            head, tail = compose_parted(keys, len(first), self.method, self.modern) or (left[start:], right[:end])
        elif compose(keys, self.method, self.modern) == shown and (
            mended := compose_without(keys, at, self.method, self.modern)
        ):
            keys, whole = mended
            head, tail = whole[:at], whole[at:]
        else:
            return None
        self._keys[head + tail] = keys
        return left[:start] + head, tail + right[end:]

    def _is_as_typed(self, shown: str, keys: str) -> bool:
        """Whether a word shows its keys, but for a đ at its beginning."""
        same = self._as_keys(shown).lower() == keys.lower()
        return keys == shown or (same and compose_parted(keys, 0, self.method, self.modern) is None)

    def _as_keys(self, shown: str) -> str:
        bar = next(key for key, marked in self.method.marks.items() if "d" in marked)
        return shown.replace("đ", f"d{bar}").replace("Đ", f"D{bar}")

    def _word_at(self, before: str, after: str) -> _Word:
        """The word that is being typed, or an earlier word that the cursor has returned to."""
        if self._word and _is_there(self._word, before, after):
            return self._word
        self._word = None
        rest = after[: _letters(after)]
        for length in (self._run(_backward(before)), _letters(_backward(before))):
            start = len(before) - length
            shown, is_code = before[start:], before[:start].endswith(CODE_SIGNS)
            if not is_code and (keys := self._keys.get(shown)):
                return _Word(start, keys, shown, rest, rest)
        keys = spell(shown, self.method)
        fixed = is_code or length == LONGEST or compose(keys, self.method, self.modern) != shown
        return _Word(start, keys, shown, rest, rest, typed=False, stood=bool(shown), fixed=fixed)

    def _run(self, text: str) -> int:
        """How many letters and keys of the input method the text begins with."""
        return _length(text, lambda c: _is_letter(c) or self.method.takes(c))


def _is_there(word: _Word, before: str, after: str) -> bool:
    """Whether the cursor stands in the word as it was left."""
    there = len(before) == word.start + len(word.head) and before.endswith(word.head)
    return there and after[: _letters(after)] == word.tail


def _letters(text: str) -> int:
    """How many letters the text begins with."""
    return _length(text, _is_letter)


def _backward(text: str) -> str:
    """The end of the text, from its last letter on."""
    return text[-LONGEST:][::-1]


def _length(text: str, belongs: Callable[[str], bool]) -> int:
    return next((at for at, c in enumerate(text[:LONGEST]) if not belongs(c)), min(len(text), LONGEST))


def _is_letter(c: str) -> bool:
    return c.isalpha() or bool(unicodedata.combining(c))
