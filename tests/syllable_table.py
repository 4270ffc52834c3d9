"""All syllables of Vietnamese, and slips of the hand while they are typed."""

import random
import string
from collections.abc import Iterator
from itertools import product

from fieldapp.vietnamese.syllables import ONSETS, RIMES, STOPS


def syllables() -> Iterator[tuple[str, str, int]]:
    """Onset, rime and tone of all that can be written: the orthography's rules, not this program's tables, decide."""
    front = ("e", "ê", "i", "y")
    for onset, rime, tone in product(sorted(ONSETS), sorted(RIMES), range(6)):
        if rime.endswith(STOPS) and tone not in (4, 5):
            continue
        if onset in ("gh", "ngh") and not rime.startswith(("e", "ê", "i")):
            continue
        if onset in ("g", "ng", "c") and rime.startswith(front):
            continue
        if onset == "gi" and rime.startswith(("i", "y")):
            continue
        if onset == "qu" and rime.startswith(("u", "ư", "o", "ô", "oa")) and rime not in ("ô", "ôc", "ôi", "ông", "ôt"):
            continue
        yield onset, rime, tone


def slipped(keys: str, rng: random.Random) -> tuple[str, str, str]:
    """Keys with one slip, with two at one place, and with two at two places; ``⌫`` is Backspace."""
    first, second = sorted(rng.randint(0, len(keys)) for _ in range(2))
    a, b = rng.choices(string.ascii_letters, k=2)
    return (
        f"{keys[:first]}{a}⌫{keys[first:]}",
        f"{keys[:first]}{a}{b}⌫⌫{keys[first:]}",
        f"{keys[:first]}{a}⌫{keys[first:second]}{b}⌫{keys[second:]}",
    )
