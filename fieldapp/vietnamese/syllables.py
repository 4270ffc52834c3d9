"""The parts of a written Vietnamese syllable: onset, rime and tone, and which letter has the tone mark.

Letters here are lower-case, with their mark (ă â ê ô ơ ư đ) but without a tone. Names from the Highlands (Krông, Drắk,
Blêh) have more onsets and codas. These are allowed only in words that begin with a capital, which keeps English words
out.
"""

import unicodedata
from functools import cache
from itertools import product

VOWELS = "aăâeêioôơuưy"
PLAIN = {"ă": "a", "â": "a", "ê": "e", "ô": "o", "ơ": "o", "ư": "u", "đ": "d"}
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
"""ngang, huyền, hỏi, ngã, sắc, nặng: combining marks"""
SHARP, HEAVY = 4, 5

_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
ONSETS = frozenset(["", *_ONSETS.split()])

_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êc êch êm ên êng ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt oc oe oem oen oeo oet
    oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơng ơp ơt
    u ua uc ui um un ung up ut uân uâng uât uây uê uêch uên uênh uêt uêu uôc uôi uôm uôn uông uôp uôt uơ
    uy uya uych uyn uynh uyp uyt uyu uyên uyêt
    ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    y ych yn ynh yt yu yêm yên yêng yêt yêu
"""
RIMES = frozenset(_RIMES.split())

_HIGHLAND_ONSETS = """
    bh bk bkr bl br chr dh dj djh djr dl dr đj đl đr gl gr hb hd hđ hg hl hm hn hr hw j jh jl jr kb kd kđ kg kj kl km kn
    kp kr ks kt ktl kw mb md mdr mđ mđr mg ml mn mr pl pn pr rb rc rl rm rs rt rv sl sr tl xt
"""
HIGHLAND_ONSETS = frozenset(_HIGHLAND_ONSETS.split())
_HIGHLAND_NUCLEI = """
    a ă â e ê i o ô ơ u ư ai ao ei eo ia iê iơ iu oa oă oe oi ôi ơi ua uă ui uê uô ươ ưi ya yă yê yô yơ
"""
_HIGHLAND_CODAS = "c h i k l m n ng nh o p r s t u w y"
STOPS = ("c", "ch", "k", "p", "t")
PREFIX = "ê"
"""The first syllable of names such as Êban"""


def plain(letters: str) -> str:
    """Letters without their marks."""
    return "".join(PLAIN.get(letter, letter) for letter in letters)


def toneless(text: str) -> str:
    """Text without its tones, in NFC."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES[1:]))


def has_prefix(letters: str) -> bool:
    """Whether a name begins with the syllable ``PREFIX``, and another one after it."""
    return letters.startswith(PREFIX) and letters[1:2] not in ("", *VOWELS)


def split(letters: str) -> tuple[str, str]:
    """The onset and the rime; ``qu``, and ``gi`` before a vowel, are onsets."""
    if letters.startswith("qu") or (letters.startswith("gi") and letters[2:3] and letters[2] in VOWELS):
        return letters[:2], letters[2:]
    at = next((n for n, letter in enumerate(letters) if letter in VOWELS), len(letters))
    return letters[:at], letters[at:]


def fits(letters: str, tone: int, name: bool) -> bool:
    """Whether a syllable may begin with these letters; letters without a mark may still get one.

    Consonants without a vowel are always allowed: they begin a word, or are an abbreviation. ``name``: the word begins
    with a capital.
    """
    onset, rime = split(letters)
    if not rime:
        return True
    if onset in ONSETS and rime in _beginnings() and (tone in (0, SHARP, HEAVY) or not rime.endswith(STOPS)):
        return True
    if not name:
        return False
    if has_prefix(letters) and tone == 0:
        return fits(letters[1:], tone, name)
    toned = tone == 0 or (tone in (SHARP, HEAVY) and (rime.endswith(STOPS) or rime[-1] in VOWELS))
    return toned and (onset in ONSETS or onset in HIGHLAND_ONSETS) and rime in _highland_beginnings()


def complete(letters: str, tone: int, name: bool) -> bool:
    """Whether this is a whole syllable, or an abbreviation without a vowel."""
    onset, rime = split(letters)
    if not rime:
        return True
    stopped = rime.endswith(STOPS)
    if onset in ONSETS and rime in RIMES and (tone in (SHARP, HEAVY) or not stopped):
        return True
    if not name:
        return False
    if has_prefix(letters):
        return complete(letters[1:], tone, name)
    toned = tone == 0 or (tone in (SHARP, HEAVY) and stopped)
    return toned and (onset in ONSETS or onset in HIGHLAND_ONSETS) and rime in _highland_rimes()


def takes_tone(letters: str, tone: int, name: bool, letter: bool) -> bool:
    """Whether the tone can be set on these letters, as typed so far. ``letter``: its key might be a letter as well.

    In names of the Highlands the consonant that has it is still to come (Drắ|k), where the vowel or the key says that
    no other word is meant.
    """
    onset, rime = split(letters)
    if not rime or not fits(letters, tone, name):
        return False
    if onset in ONSETS and rime in _beginnings():
        return True
    waits = onset not in ONSETS and (rime[-1] in PLAIN or not letter)
    return tone in (SHARP, HEAVY) and (rime.endswith(STOPS) or waits)


def tone_place(letters: str, modern: bool) -> int:
    """The index of the letter that has the tone.

    It is the vowel with a mark, the second if there are two. Without marks it is the only vowel; before a coda the last
    vowel; else the middle one of three, or the first of two. ``modern``: in open ``oa``, ``oe``, ``uy`` it is the
    second (hoà, not hòa).
    """
    onset, rime = split(letters)
    start = len(onset)
    marked = [n for n, letter in enumerate(rime) if letter in PLAIN]
    if marked:
        return start + marked[-1]
    vowels = next((n for n, letter in enumerate(rime) if letter not in VOWELS), len(rime))
    if vowels < 2:
        return start
    if vowels < len(rime):
        return start + vowels - 1
    if vowels == 3 or (modern and rime in ("oa", "oe", "uy")):
        return start + 1
    return start


def with_tone(letters: str, tone: int, modern: bool) -> str:
    """The letters with the tone, in NFC."""
    if not tone:
        return letters
    at = tone_place(letters, modern) + 1
    return unicodedata.normalize("NFC", letters[:at] + TONES[tone] + letters[at:])


@cache
def _beginnings() -> frozenset[str]:
    return _begun(RIMES)


@cache
def _highland_rimes() -> frozenset[str]:
    return frozenset(
        nucleus + coda for nucleus, coda in product(_HIGHLAND_NUCLEI.split(), ["", *_HIGHLAND_CODAS.split()])
    )


@cache
def _highland_beginnings() -> frozenset[str]:
    return _begun(_highland_rimes())


def _begun(rimes: frozenset[str]) -> frozenset[str]:
    """All beginnings of the rimes, each in all variants where some marks are not yet set."""
    begun = {rime[:end] for rime in rimes for end in range(1, len(rime) + 1)}
    return frozenset("".join(letters) for rime in begun for letters in product(*({c, PLAIN.get(c, c)} for c in rime)))
