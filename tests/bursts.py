"""Vietnamese as the machine's input methods send it: backspaces and the new letters in one burst."""

import random
import unicodedata

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
