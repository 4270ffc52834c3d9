"""Vietnamese typed on plain keys within a text: where words begin and end, and how each key changes the text."""

import unicodedata
from dataclasses import dataclass

from fieldapp.vietnamese.telex import Method, compose, finish_word, spell

CODE_SIGNS = ("_", "@")
"""Letters beside one of these signs are part of a code, not a word"""


@dataclass
class _Word:
    start: int
    keys: str
    shown: str
    fixed: bool = False
    """The word must not change: its keys are unknown, or it is part of a code"""


@dataclass
class InputMethod:
    """The input method of one text field. ``before`` is always the whole text before the cursor."""

    method: Method
    modern: bool = False
    _word: _Word | None = None

    def press(self, before: str, key: str) -> str:
        """The text before the cursor after the key was pressed."""
        word = self._word_at(before)
        if not self.method.takes(key) or not (word.keys or key.isalpha()):
            return self.finish(before, is_code=key in CODE_SIGNS) + key
        if word.fixed:
            return before + key
        keys = word.keys + key
        self._word = _Word(word.start, keys, compose(keys, self.method, self.modern))
        return before[: word.start] + self._word.shown

    def finish(self, before: str, *, is_code: bool = False) -> str:
        """The text before the cursor at the end of a word. A word that is not Vietnamese becomes the typed keys again.

        ``is_code``: the word is part of a code, so it becomes the typed keys.
        """
        word, self._word = self._word, None
        if word is None or before[word.start :] != word.shown:
            return before
        return before[: word.start] + (word.keys if is_code else finish_word(word.keys, self.method, self.modern))

    def _word_at(self, before: str) -> _Word:
        """The word that is being typed, or an earlier word that the cursor has returned to."""
        if self._word and before[self._word.start :] == self._word.shown:
            return self._word
        self._word = None
        start = len(before)
        while start and (before[start - 1].isalpha() or unicodedata.combining(before[start - 1])):
            start -= 1
        shown = before[start:]
        keys = spell(shown, self.method)
        fixed = before[:start].endswith(CODE_SIGNS) or compose(keys, self.method, self.modern) != shown
        return _Word(start, keys, shown, fixed)
