"""The letters of a text: where each begins and ends, and those of other alphabets that look like ours.

A letter with combining marks is several characters, and one letter.
"""

import re
import unicodedata

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

WORD_START = re.compile(rf"(?<=[^\w{_MARKS}])\w")
"""The first letter of a word that is not the first of the text; a mark belongs to its word"""


def letter_start(text: str, at: int) -> int:
    """Where the letter begins that has the character before ``at``; 0 at the beginning of the text."""
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


LOOK_ALIKES = frozenset("АВЕКМНОРСТУХЅІЈҮԌԚԜаеорсухѕіјһӏүԁԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳαικνορυϲ")
"""Cyrillic and Greek letters that look like Latin ones"""


def look_alikes(text: str) -> list[tuple[str, list[str]]]:
    """(word, letters) for each word that reads as ours, and has letters of another alphabet that look like ours."""
    found = []
    for word in dict.fromkeys(re.findall(r"[^\W\d_]+", text)):
        others = [letter for letter in dict.fromkeys(word) if letter in LOOK_ALIKES]
        ours = [letter for letter in word if unicodedata.name(letter, "").startswith("LATIN")]
        if others and (ours or set(word) <= LOOK_ALIKES):
            found.append((word, others))
    return found
