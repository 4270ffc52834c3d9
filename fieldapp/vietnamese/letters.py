"""Letters of other alphabets that look like ours."""

import re
import unicodedata

LOOK_ALIKES = frozenset("АВЕКМНОРСТУХЅІЈҮѴԌԚԜаеорсухѕіјһӏүѵԁԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳαικνορυχϲ")
"""Cyrillic and Greek letters that look like Latin ones; with marks too, as the Greek ό"""


def look_alikes(text: str) -> list[tuple[str, list[str]]]:
    """(word, letters) for each word that reads as ours, and has letters of another alphabet that look like ours."""
    found = []
    for word in dict.fromkeys(re.findall(r"[^\W\d_]+", text)):
        others = [letter for letter in dict.fromkeys(word) if _base(letter) in LOOK_ALIKES]
        ours = [letter for letter in word if unicodedata.name(letter, "").startswith("LATIN")]
        if others and (ours or {*map(_base, word)} <= LOOK_ALIKES):
            found.append((word, others))
    return found


def _base(letter: str) -> str:
    """A letter without its marks."""
    return unicodedata.normalize("NFD", letter)[0]
