"""Vietnamese from plain keys, Telex or VNI, for machines that have no input method.

A word is computed from its keys only: ``compose`` gives the text shown while the word is typed, ``finish_word`` the
text after its end. Keys for marks and tones may follow their letter or come at the end of the word; the same key again
takes the mark or tone back. A word that cannot be Vietnamese is shown as typed, key by key. See ``docs/typing.md``.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Literal

from fieldapp.vietnamese.syllables import (
    PLAIN,
    PREFIX,
    TONES,
    VOWELS,
    complete,
    fits,
    has_prefix,
    plain,
    split,
    takes_tone,
    toneless,
    with_tone,
)

SMALL_KEY = "\\"
"""The key that gives the last letter the breve, caron, tilde or stroke of Ede, Jarai and Bahnar"""
SMALL = {
    "a": "ă", "b": "ƀ", "c": "č", "d": "đ", "e": "ĕ", "i": "ĭ", "n": "ñ", "o": "ŏ", "u": "ŭ",
    "ê": "ê\u0306", "ô": "ô\u0306", "ơ": "ơ\u0306", "ư": "ư\u0306", "â": "â\u0306",
}  # fmt: skip
_LARGE = {small: letter for letter, small in SMALL.items()}


@dataclass(eq=False, repr=False)
class Method:
    """A way of typing, as data. Keys are lower-case."""

    name: str
    tones: Mapping[str, int]
    """Key -> tone; 0 removes the tone"""
    marks: Mapping[str, Mapping[str, str]]
    """Key -> letter -> the letter with its mark"""
    alone: Mapping[str, str]
    """Key -> the letter that it gives after an onset"""

    def takes(self, key: str) -> bool:
        """Whether the key may continue a word."""
        return (key.isascii() and key.isalpha()) or key == SMALL_KEY or key in self.tones or key in self.marks


TELEX = Method(
    "Telex",
    tones={"z": 0, "f": 1, "r": 2, "x": 3, "s": 4, "j": 5},
    marks={
        "a": {"a": "â"},
        "e": {"e": "ê"},
        "o": {"o": "ô"},
        "w": {"a": "ă", "o": "ơ", "u": "ư"},
        "d": {"d": "đ"},
    },
    alone={"w": "ư"},
)
VNI = Method(
    "VNI",
    tones={"0": 0, "2": 1, "3": 2, "4": 3, "1": 4, "5": 5},
    marks={
        "6": {"a": "â", "e": "ê", "o": "ô"},
        "7": {"o": "ơ", "u": "ư"},
        "8": {"a": "ă"},
        "9": {"d": "đ"},
    },
    alone={},
)
METHODS = {method.name: method for method in (TELEX, VNI)}


def compose(keys: str, method: Method, modern: bool = False) -> str:
    """The text that the keys of one word show while it is typed. ``modern``: hoà, not hòa."""
    return _typed(keys, method, modern).shown


def finish_word(keys: str, method: Method, modern: bool = False) -> str:
    """The text that the keys of one word show after its end; a word that is not a whole syllable is shown as typed."""
    return _typed(keys, method, modern).finished


def compose_before(
    keys: str, tail: str, method: Method, modern: bool = False, *, ended: bool = False
) -> tuple[str, str]:
    """The text of keys that are typed before the last letters of a word, and these letters.

    All of them are composed together if they make one syllable (``s`` in ``to|an`` gives ``to|án``); else those behind
    the cursor stay as they are. ``ended``: the word has ended, as in ``finish_word``.
    """
    head = _typed(keys, method, modern)
    if tail and head.mode == "syllable":
        whole = _typed(keys + spell(toneless(tail) if head.tone else tail, method), method, modern)
        letters = plain(head.letters + toneless(tail).lower())
        if (
            whole.mode == "syllable"
            and plain(whole.letters) == letters
            and not (ended and whole.finished != whole.shown)
        ):
            return whole.shown[: len(head.letters)], whole.shown[len(head.letters) :]
    return head.finished if ended else head.shown, tail


def compose_parted(keys: str, at: int, method: Method, modern: bool = False) -> tuple[str, str] | None:
    """The syllable that keys show, parted where a cursor stands before the key ``at``; None if it is none."""
    word = _typed(keys, method, modern)
    cut = sum(place < at for place in word.places)
    return (word.shown[:cut], word.shown[cut:]) if word.mode == "syllable" else None


def compose_without(keys: str, at: int, method: Method, modern: bool = False) -> tuple[str, str] | None:
    """The keys of a syllable without that of its letter ``at``, and what they show, with the tone in its place then.

    None if the keys show no syllable, or that letter has a mark or the tone.
    """
    word = _typed(keys, method, modern)
    if word.mode != "syllable" or not word.shown[at : at + 1].isascii() or at >= len(word.places):
        return None
    rest = keys[: word.places[at]] + keys[word.places[at] + 1 :]
    left = _typed(rest, method, modern)
    same = plain(left.letters) == plain(word.letters[:at] + word.letters[at + 1 :])
    return (rest, left.shown) if left.mode == "syllable" and same else None


def spell(word: str, method: Method, at_end: bool = False) -> str:
    """Keys that give the word, with keys for marks and the tone after their letter or, if ``at_end``, at its end."""
    keys, later, tone = [], [], ""
    tone_keys = {tone: key for key, tone in method.tones.items()}
    small = False
    for letter in _letters(word):
        parts = unicodedata.normalize("NFD", letter)
        toned = next((TONES.index(part) for part in parts if part in TONES), 0) if parts[0].lower() in VOWELS else 0
        bare = unicodedata.normalize("NFC", "".join(part for part in parts if not toned or part not in TONES[1:]))
        base = _LARGE.get(bare.lower(), bare.lower()) if bare.lower() not in PLAIN else bare.lower()
        if small_letter := base != bare.lower():
            small = True
        mark = next((k for k, m in method.marks.items() if base in m.values()), "")
        plain_letter = PLAIN.get(base, base)
        keys.append(plain_letter.upper() if bare[:1].isupper() else plain_letter)
        if small or small_letter or not at_end:
            keys.append(mark + (SMALL_KEY if small_letter else ""))
        elif mark not in later:
            later.append(mark)
        if base == "o" and "".join(keys).lower().endswith("oo") and "o" in method.marks:
            keys.append("o")  # for boong, not bông
        if toned:
            tone = tone_keys[toned]
            keys.append("" if at_end else tone)
    return "".join([*keys, *later, tone if at_end else ""])


def _letters(word: str) -> list[str]:
    """The letters, each with the combining marks after it."""
    letters: list[str] = []
    for c in unicodedata.normalize("NFC", word):
        if unicodedata.combining(c) and letters:
            letters[-1] += c
        else:
            letters.append(c)
    return letters


@lru_cache(maxsize=2_000)
def _typed(keys: str, method: Method, modern: bool) -> "_Word":
    """The word that the keys give. Cached, because it has one key more or less than the one before."""
    if not keys:
        return _Word(method, modern)
    before = _typed(keys[:-1], method, modern)
    word = replace(before, upper=[*before.upper], places=[*before.places], spent={*before.spent})
    word.press(keys[-1])
    return word


@dataclass(eq=False, repr=False)
class _Word:
    method: Method
    modern: bool
    keys: str = ""
    letters: str = ""
    upper: list[bool] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """For each letter the index of the key that gave it"""
    tone: int = 0
    changed: bool = False
    """The shown text differs from the keys"""
    spent: set[str] = field(default_factory=set)
    """Keys whose mark was taken back: from then on they are ordinary letters"""
    mode: Literal["syllable", "as typed", "free"] = "syllable"
    text: str = ""
    """The shown text in the other two modes"""
    taken_back: int = 0
    """The number of keys when a tone or mark was taken back"""

    @property
    def shown(self) -> str:
        if self.mode != "syllable":
            return self.text
        written = with_tone(self.letters, self.tone, self.modern)
        return "".join(c.upper() if up else c for c, up in zip(written, self.upper, strict=True))

    @property
    def finished(self) -> str:
        if self.mode != "syllable" or not self.changed or complete(self.letters, self.tone, self._is_name):
            return self.shown
        before, key = _typed(self.keys[:-1], self.method, self.modern), self.keys[-1]
        letter = not key.isalpha() or complete(self.letters + key.lower(), 0, self._is_name)
        if self.tone and not before.tone and letter:  # the consonant for the tone did not come: Krôs
            return before.shown + key
        return self._as_typed()

    @property
    def _is_name(self) -> bool:
        return bool(self.upper) and self.upper[0]

    def press(self, key: str) -> None:
        self.keys += key
        if key == SMALL_KEY:
            self._small()
        elif self.mode == "as typed":
            doubled = self.taken_back == len(self.keys) - 1 and key.lower() in VOWELS  # as in “message”
            self.text = self._as_typed() if doubled else self.text + key
        elif self.mode == "free":
            self._free(key)
        elif not self._set_tone(key.lower()) and not self._set_mark(key.lower()):
            self._append(key)

    # a syllable -------------------------------------------------------------------------------------------------

    def _set_tone(self, key: str) -> bool:
        tone = self.method.tones.get(key)
        if tone is None or key in self.spent:
            return False
        if tone in (0, self.tone):
            if self.tone == 0:
                return False
            self.tone = 0
            if tone:  # the same key again takes the tone back and gives a letter
                self._take_back()
            return True
        if not takes_tone(self.letters, tone, self._is_name, key.isalpha()):
            return False
        self.tone, self.changed = tone, True
        return True

    def _set_mark(self, key: str) -> bool:
        table = self.method.marks.get(key)
        if table is None or key in self.spent:
            return False
        places = self._places(table)
        for name, change in product((False, self._is_name), self._changes(table, places)):
            letters = "".join(change.get(n, letter) for n, letter in enumerate(self.letters))
            if fits(letters, self.tone, name):
                self.letters, self.changed = letters, True
                return True
        marked = [n for n in places if self.letters[n] == table[plain(self.letters[n])]]
        if not marked:
            return False
        if self.method.alone.get(self.keys[-2:-1].lower()) == self.letters[-1]:
            self._stop(self.shown[:-1] + self.keys[-1])
            return True
        self.letters = "".join(PLAIN[c] if n in marked else c for n, c in enumerate(self.letters))
        self.spent.add(key)
        if self._is_doubled and key.isalpha() and fits(self.letters + key, self.tone, self._is_name):
            self._add(self.keys[-1])  # boong
        else:
            self._take_back()
        return True

    @property
    def _is_doubled(self) -> bool:
        return self.keys[-2:-1].lower() == self.keys[-1:].lower()

    def _take_back(self) -> None:
        """Show the text as typed, after a mark or tone was taken back.

        If the same key came twice in a row, it gives one letter. With other keys between, the word is a foreign one.
        """
        self._stop(self.shown + self.keys[-1] if self._is_doubled else self._as_typed())
        self.taken_back = len(self.keys)

    def _places(self, table: Mapping[str, str]) -> list[int]:
        """The places of letters that can have the mark.

        For a consonant: the first d, or the last letter while there is no vowel yet (HĐND).
        """
        first = len(PREFIX) if self._is_name and has_prefix(self.letters) else 0
        onset, rime = split(self.letters[first:])
        if "d" in table:
            place = first + (plain(onset).find("d") if rime else len(onset) - 1)
            return [place] if plain(self.letters[place : place + 1]) == "d" else []
        return [n for n in range(first + len(onset), len(self.letters)) if plain(self.letters[n]) in table]

    def _changes(self, table: Mapping[str, str], places: list[int]) -> list[dict[int, str]]:
        """The possible changes by the mark (place -> letter), the most likely first."""
        open_places = [n for n in reversed(places) if self.letters[n] != table[plain(self.letters[n])]]
        changes = [{n: table[plain(self.letters[n])]} for n in open_places]
        at = plain(self.letters).find("uo")
        if at in places and at + 1 in places and open_places and at + 2 < len(self.letters):
            changes.insert(0, {at: "ư", at + 1: "ơ"})
        return changes

    def _append(self, key: str) -> None:
        low = key.lower()
        alone = self.method.alone.get(low)
        onset, rime = split(self.letters)
        if alone and onset and not rime and low not in self.spent and fits(onset + alone, 0, self._is_name):
            self._add(alone.upper() if key.isupper() else alone)
            self.changed = True
            return
        if not key.isalpha():  # a digit that sets no tone or mark
            self._stop(self.shown + key)
            return
        self._add(key)
        if not fits(self.letters, self.tone, self._is_name):
            self._stop(self._as_typed())

    def _add(self, key: str) -> None:
        self.letters += key.lower()
        self.upper.append(key.isupper())
        self.places.append(len(self.keys) - 1)
        onset, rime = split(self.letters)
        if rime[:2] in ("ưo", "uơ") and len(rime) > 2 and onset + "ươ" + rime[2:] != self.letters:
            self.letters = onset + "ươ" + rime[2:]

    def _stop(self, text: str) -> None:
        self.text, self.mode = text, "as typed"

    def _as_typed(self) -> str:
        """The keys as typed, but đ among the first consonants stays: no other language has a double d there (ĐBP)."""
        marks = {key: m for key, m in self.method.marks.items() if "d" in m}
        shown = ""
        for n, key in enumerate(self.keys):
            low = key.lower()
            if low in VOWELS:
                return shown + self.keys[n:]
            last = shown[-1:]
            if low in marks and last.lower() == "d":
                shown = shown[:-1] + ("Đ" if last == "D" else "đ")
            elif low in marks and last.lower() == "đ":
                return shown[:-1] + ("D" if last == "Đ" else "d") + self.keys[n:]
            else:
                shown += key
        return shown

    # Ede, Jarai, Bahnar -----------------------------------------------------------------------------------------

    def _small(self) -> None:
        """Give the last letter the mark of ``SMALL``, or take it back; afterwards, marks need pairs of keys."""
        text = self.shown
        letters = _letters(text)
        pair = self._pair(text[-2:-1], text[-1:])
        last = letters[-1] if letters else ""
        if self.mode == "as typed" and pair:
            self.text = text[:-2] + pair
        elif small := SMALL.get(last.lower()):
            self.text = "".join(letters[:-1]) + (small.capitalize() if last.isupper() else small)
        elif large := _LARGE.get(last.lower()):
            self._stop("".join(letters[:-1]) + (large.upper() if last[0].isupper() else large) + SMALL_KEY)
            return
        else:
            self._stop(text + SMALL_KEY)
            return
        self.mode = "free"

    def _free(self, key: str) -> None:
        last = self.text[-1:]
        if pair := self._pair(last, key):
            self.text = self.text[:-1] + pair
        elif self.method.marks.get(key.lower(), {}).get(PLAIN.get(last.lower(), "")) == last.lower():
            base = PLAIN[last.lower()]
            self._stop(self.text[:-1] + (base.upper() if last.isupper() else base) + key)
        else:
            self.text += key

    def _pair(self, letter: str, key: str) -> str | None:
        marked = self.method.marks.get(key.lower(), {}).get(letter.lower())
        return marked.upper() if marked and letter.isupper() else marked
