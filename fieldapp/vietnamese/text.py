"""Vietnamese text in the forms that are stored, searched and sorted by."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""Combining marks of the tones in dictionary order: ngang (none), huyền, hỏi, ngã, sắc, nặng"""

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: chr(0x100 + place) for place, letter in enumerate(_ALPHABET)}
_PLAIN = str.maketrans(
    {"đ": "d", "ð": "d", "ɖ": "d", "ƀ": "b", "ł": "l", "ø": "o"}
    | {chr(wide): chr(wide - 0xFEE0) for wide in (*range(0xFF10, 0xFF1A), *range(0xFF41, 0xFF5B))}
)
"""Letters that NFD does not decompose; ð and ɖ because their capitals look like Đ and are used for it in old files"""

_SORTS = frozenset({"xa", "phuong", "huien", "tinh"})
"""Search keys of words before most names of places: nobody writes them together with the name"""

MOST_LETTERS = 400
MOST_WORDS = 40
"""A text with more words than any name has was pasted by mistake: nothing is searched for it, at each further key"""

MOST_JOINED = 8
"""In a longer text than this many words nobody looks for a name that is written with other blanks"""

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

WORD_START = re.compile(rf"(?<=[^\w{_MARKS}])\w")
"""The first letter of a word that is not the first of the text; a mark belongs to its word"""


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


_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Blanks of other widths: Word's and AltGr+Space's U+00A0, U+202F of French numbers, U+3000 of Chinese keyboards"""

_LOOK_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs of other scripts that show nothing"""

_MEANT = str.maketrans(
    {**dict.fromkeys(_BLANKS + _LOOK_BLANK, " "), **dict.fromkeys("\v\f\x1c\x1d\x1e\x1f\x85", "\n")}
    | {"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "ɖ": "đ"}
)
_OTHERWISE = re.compile(f"[{''.join(map(chr, _MEANT))}]")


def as_meant(text: str) -> str:
    """Text with a plain blank for each blank of another sort, a line feed for each other end of a line, and Đ for the
    letters of other languages that old fonts have in its place. As long as the text given."""
    return text.translate(_MEANT) if _OTHERWISE.search(text) else text


_UNSEEN = "\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Marks that show nothing by themselves: they choose a form of the letter before, as of pictures in messages"""
_ODD_MARKS = re.compile(f"[\u0131\u0302\u0306{_UNSEEN}]")
_DOTLESS = re.compile("\u0131(?=[\u0300\u0301\u0303\u0309\u0323])")
_ABOVE = re.compile("[\u0300\u0301\u0303\u0309\u0302\u0306]{2,}")


def composed(text: str) -> str:
    """Text in NFC, without marks that show nothing; also where a letter's marks came in another order (e, sắc, ^: ế),
    or where an i has a tone and no dot, as in some PDF files."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii() or not _ODD_MARKS.search(text):
        return text
    parts = unicodedata.normalize("NFD", _DOTLESS.sub("i", re.sub(f"[{_UNSEEN}]", "", text)))
    return unicodedata.normalize("NFC", _ABOVE.sub(_in_order, parts))


def _in_order(marks: re.Match[str]) -> str:
    """Marks in the order in which our letters are made: ^ before the breve, as in ê̆, and the tone last."""
    return "".join(sorted(marks[0], key=lambda mark: (mark in _TONES, mark == "\u0306")))


_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""Letters, digits and signs of Chinese and Japanese keyboards, which are as wide as two"""


def tidy(text: str, *, multiline: bool = False) -> str:
    """Text that somebody entered, by whatever road, as it is stored: ``clean``, read ``as_meant``."""
    text = clean(as_meant(text), multiline=multiline)
    return text if text.isascii() else composed(text.translate(_WIDE)).strip()


def letter_start(text: str, at: int) -> int:
    """Where the letter begins that has the character before ``at``, be that a combining mark; 0 at the beginning."""
    at = max(at - 1, 0)
    while at > 0 and unicodedata.combining(text[at]):
        at -= 1
    return at


def letter_end(text: str, at: int) -> int:
    """Where the letter ends that has the character at ``at``; the end of the text at its end."""
    at = min(at + 1, len(text))
    while at < len(text) and unicodedata.combining(text[at]):
        at += 1
    return at


def search_key(text: str) -> str:
    """Text as it is searched: no case, tone or diacritics, đ as d, y as i, punctuation as spaces.

    ``Hòa`` and ``Hoà``, ``Ea Súp`` and ``ea sup``, ``Lý`` and ``Lí`` have equal keys.
    """
    return " ".join(filter(None, map(_word_key, text.split())))


@lru_cache(maxsize=20_000)
def _word_key(word: str) -> str:
    """The search key of a word; several words if it has punctuation. Cached, because a language has few words."""
    return bare(word).replace("y", "i")


def bare(text: str) -> str:
    """Text without case, tone and diacritics, đ as d, punctuation as spaces; y stays what it is."""
    plain = unicodedata.normalize("NFD", text.casefold().translate(_PLAIN))
    letters = (c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))
    spaced = "".join(c if _in_word(c) else " " for c in letters)
    return " ".join(spaced.translate(_PLAIN).split())


def _in_word(c: str) -> bool:
    """Whether a character is a letter or digit; the modifier letters are not, some of which are used as apostrophes."""
    return c.isalnum() and unicodedata.category(c) != "Lm"


def words_of(text: str) -> list[str]:
    """The words of a text as they are spelled, without punctuation: ``M'Drắk`` has two."""
    return "".join(c if _in_word(c) or unicodedata.combining(c) else " " for c in text).split()


def is_too_long(text: str) -> bool:
    """Whether a text has more letters or words than any name: nothing is searched for it, at each further key."""
    return len(text) > MOST_LETTERS or len(text.split()) > MOST_WORDS


def runs(words: Sequence[str]) -> list[str]:
    """Two and three words in a row, written as one: ``Ea H'leo`` is also written ``Ea Hleo`` and ``EaHleo``."""
    return ["".join(words[at : at + n]) for at in range(len(words)) for n in (2, 3) if at + n <= len(words)]


def name_key(text: str) -> str:
    """The words that a name is searched by: its search key, and its words written as one.

    Who types the beginning of a word finds it: so of the runs that begin at one word only the longest is needed.
    """
    words = search_key(text).split()
    begun = (at for at in range(len(words) - 1) if words[at] not in _SORTS)
    return " ".join([*words, *("".join(words[at : at + 3]) for at in begun)])


def typed_words(text: str) -> list[list[str]]:
    """For each typed word, what a name may have in its place: the word, or one word made of it and the one beside it.

    ``Krông A Na`` finds ``Krông Ana``: both ``A`` and ``Na`` are found in ``Ana``. All are search keys.
    """
    return beside(search_key(text).split())


def beside(words: Sequence[str]) -> list[list[str]]:
    """Each word, with the words made of it and the one before or after it; without these in a long text."""
    if len(words) > MOST_JOINED:
        return [[word] for word in words]
    pairs = ["".join(pair) for pair in pairwise(words)]
    return [[word, *pairs[max(at - 1, 0) : at + 1]] for at, word in enumerate(words)]


def sort_key(text: str) -> tuple[str, tuple[int, ...], str]:
    """The sort key for the Vietnamese alphabet: first the letters of the whole text, then its tones, then the rest.

    Blanks and punctuation belong to the rest: ``Ea H'leo`` stands beside ``Ea Hleo``.
    """
    letters: list[str] = []
    tones: list[int] = []
    for c in unicodedata.normalize("NFC", text).casefold():
        letter, tone = _letter(c)
        if letter:
            letters.append(letter)
            tones.append(tone)
    return "".join(letters), tuple(tones), text


@lru_cache(maxsize=4_000)
def _letter(c: str) -> tuple[str, int]:
    """A character's place in the alphabet and its tone; without a place if it is no letter or digit."""
    parts = unicodedata.normalize("NFD", c)
    tone = next((_TONES[p] for p in parts if p in _TONES), 0)
    letter = unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONES))
    base = letter if letter in _RANK else unicodedata.normalize("NFD", letter)[:1].translate(_PLAIN)
    return (_RANK.get(base, base), tone) if _in_word(base) else ("", 0)


def spelling(text: str) -> tuple[str, tuple[int, ...]]:
    """A text's letters and, separately, its tones: equal for both habits of placing a tone, and for capitals."""
    parts = unicodedata.normalize("NFD", text.casefold())
    letters = unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONES))
    return letters, tuple(_TONES[p] for p in parts if p in _TONES)


def name_sort_key(full_name: str) -> tuple[tuple[str, tuple[int, ...], str], tuple[str, tuple[int, ...], str]]:
    """The sort key for a person's name: by given name, which is the last word, then by the whole name."""
    given = full_name.rsplit(maxsplit=1)[-1] if full_name.split() else ""
    return sort_key(given.casefold()), sort_key(full_name)
