"""Vietnamese as the machine's input methods send it: backspaces and the new letters in one burst."""

import random
import re
import unicodedata
from collections.abc import Callable, Mapping

from fieldapp.vietnamese.telex import Method, spell

BACKSPACES = ("\x7f", "\x08")


def plain(word: str) -> str:
    """The letters that are typed first, before the input method knows the mark."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("đ", "d")


def corrected(text: str, rng: random.Random, mark: str = "") -> str:
    """Send each word plain first; then backspaces remove its end, and the right letters follow."""
    sent = []
    for word in text.split(" "):
        bare = plain(word)
        keep = next((i for i, (a, b) in enumerate(zip(bare, word, strict=False)) if a != b), len(word))
        wrong = bare[keep:]
        back = rng.choice(BACKSPACES) * (len(wrong) + len(mark))
        sent.append(bare[:keep] + wrong + mark + back + word[keep:])
    return " ".join(sent)


def reported(text: str, rng: random.Random) -> str:
    """The same bursts by kitty's reports of keys; what is no key of the keyboard comes as the text of none."""
    codes = {"\x7f": "127", "\x08": "127;2"}
    return "".join(
        f"\x1b[{codes.get(c) or (f'{ord(c)};;{ord(c)}' if c.isascii() else f'0;;{ord(c)}')}u"
        for c in corrected(text, rng)
    )


WAYS: Mapping[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda text, rng: text,
    "corrected by backspace": corrected,
    "OpenKey": lambda text, rng: corrected(text, rng, "\u202f"),
    "decomposed": lambda text, rng: unicodedata.normalize("NFD", text),
    "pasted": lambda text, rng: f"\x1b[200~{unicodedata.normalize('NFD', text)}\x1b[201~",
    "backspaces and a paste": lambda text, rng: f"xyz\x7f\x7f\x7f\x1b[200~{text}\x1b[201~",
    "in the middle": lambda text, rng: f"{text[-1]}\x1b[D{corrected(text[:-1], rng)}",
    "kitty's reports": reported,
    "pasted in pieces": lambda text, rng: "".join(f"\x1b[200~{piece}\x1b[201~" for piece in re.split("(?<= )", text)),
}
"""The ways of arriving: name -> what a terminal sends"""


def spell_text(text: str, method: Method) -> str:
    """The keys of a text for the program's own input method, marks at the end of each word."""
    return re.sub(r"[^\W\d_]+", lambda word: spell(word[0], method, at_end=True), text)
