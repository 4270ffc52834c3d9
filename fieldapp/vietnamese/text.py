"""Vietnamese text in the forms that are stored, searched and sorted by."""

import unicodedata
from functools import lru_cache

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""Combining marks of the tones in dictionary order: ngang (none), huyền, hỏi, ngã, sắc, nặng"""

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: chr(0x100 + place) for place, letter in enumerate(_ALPHABET)}
_PLAIN = str.maketrans({"đ": "d", "ð": "d", "ɖ": "d", "ƀ": "b", "ł": "l", "ø": "o"})
"""Letters that NFD does not decompose; ð and ɖ because their capitals look like Đ and are used for it in old files"""


def clean(text: str, *, multiline: bool = False) -> str:
    """Text as it is stored: NFC, trimmed, without control, format, surrogate or private characters.

    U+202F is removed too: OpenKey sends it before its backspaces. With ``multiline`` line feeds stay; otherwise they
    become spaces.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    if text.isprintable():  # without any of these characters, as nearly every text
        return text.strip()
    kept = []
    for c in text:
        if c in "\n\r\t\u2028\u2029":
            kept.append("\n" if multiline and c != "\t" else " ")
        elif c != "\u202f" and unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def search_key(text: str) -> str:
    """Text as it is searched: no case, tone or diacritics, đ as d, y as i, punctuation as spaces.

    ``Hòa`` and ``Hoà``, ``Ea Súp`` and ``ea sup``, ``Lý`` and ``Lí`` have equal keys.
    """
    return " ".join(filter(None, map(_word_key, text.split())))


@lru_cache(maxsize=20_000)
def _word_key(word: str) -> str:
    """The search key of a word; several words if it has punctuation. Cached, because a language has few words."""
    plain = unicodedata.normalize("NFD", word.casefold().translate(_PLAIN))
    letters = (c for c in plain if not unicodedata.combining(c))
    spaced = "".join(c if c.isalnum() else " " for c in letters)
    return " ".join(spaced.translate(_PLAIN).replace("y", "i").split())


def sort_key(text: str) -> tuple[str, tuple[int, ...], str]:
    """The sort key for the Vietnamese alphabet: first the letters of the whole text, then its tones, then case."""
    letters: list[str] = []
    tones: list[int] = []
    for c in unicodedata.normalize("NFC", text).casefold():
        parts = unicodedata.normalize("NFD", c)
        tone = next((_TONES[p] for p in parts if p in _TONES), 0)
        letter = unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONES))
        base = letter if letter in _RANK else unicodedata.normalize("NFD", letter)[:1].translate(_PLAIN)
        letters.append(_RANK.get(base, base))
        tones.append(tone)
    return "".join(letters), tuple(tones), text


def spelling(text: str) -> tuple[str, tuple[int, ...]]:
    """A text's letters and, separately, its tones: equal for both habits of placing a tone, and for capitals."""
    parts = unicodedata.normalize("NFD", text.casefold())
    letters = unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONES))
    return letters, tuple(_TONES[p] for p in parts if p in _TONES)


def name_sort_key(full_name: str) -> tuple[tuple[str, tuple[int, ...], str], tuple[str, tuple[int, ...], str]]:
    """The sort key for a person's name: by given name, which is the last word, then by the whole name."""
    given = full_name.rsplit(maxsplit=1)[-1] if full_name.split() else ""
    return sort_key(given.casefold()), sort_key(full_name)
