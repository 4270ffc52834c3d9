"""Letters of other alphabets that look like ours."""

import re
import unicodedata

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
