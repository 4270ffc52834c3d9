"""Names of bodies, as letterheads and sentences have them."""

import re

from fieldapp.vietnamese.text import search_key

_BODIES = (
    "Bộ Tư lệnh", "Bộ Chỉ huy", "Ban Chỉ huy", "Sở Chỉ huy", "Ban Chấp hành", "Ban Thường vụ", "Bộ đội Biên phòng",
    "Đồn Biên phòng", "Biên phòng", "Quân ủy Trung ương", "Đảng ủy", "Đảng bộ", "Chi bộ", "Tỉnh ủy",
    "Thành ủy", "Huyện ủy",    "Ủy ban nhân dân", "Hội đồng nhân dân", "Công an", "Quân khu",
    "Quân sự", "Bộ đội", "Lực lượng vũ trang",
)  # fmt: skip
"""How the names of bodies are written within a sentence (Decree 30/2020/NĐ-CP, annex II)"""
_SMALL = frozenset({
    "tỉnh", "thành", "phố", "thị", "xã", "trấn", "huyện", "quận", "phường", "thôn", "buôn", "bon", "làng",
    "tại", "của", "và", "các",
})  # fmt: skip
_VOWELS = frozenset("aeiouy")
_SHORT = frozenset({"UBND", "UBMTTQ", "MTTQ", "QUTW", "QĐND", "BĐBP", "ĐU"})
"""Abbreviations; others have no vowels"""


def unshouted(name: str) -> str:
    """A name in capitals, as letterheads have it, as it stands within a sentence: “Bộ Chỉ huy BĐBP tỉnh Đắk Lắk”.
    Other names stay as they are."""
    if not name.isupper() or " " not in name:
        return name
    words = [_spelled(word) for word in name.split()]
    plain = [word.lower() for word in name.split()]
    for body in _BODIES:
        spelled = body.split()
        wanted = [word.lower() for word in spelled]
        for at in range(len(plain) - len(wanted) + 1):
            if plain[at : at + len(wanted)] == wanted:
                words[at : at + len(wanted)] = spelled
                plain[at : at + len(wanted)] = [""] * len(wanted)
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def post_in_full(name: str) -> str:
    """A body's name with that of a post in full: “Đảng ủy Đồn Biên phòng Ia Rvê” of “Đảng ủy Đồn BP Ia Rvê”."""
    return re.sub(r"\b(Đồn|ĐỒN) BP\b", lambda m: f"{m[1]} {'BIÊN PHÒNG' if m[1].isupper() else 'Biên phòng'}", name)


_IN_FULL = {"BĐBP": "Bộ đội Biên phòng", "CHQS": "Chỉ huy quân sự", "UBND": "Ủy ban nhân dân"}


def in_full(name: str) -> str:
    """A body's name without abbreviations, as those to whom a letter goes are called: “Bộ Chỉ huy quân sự tỉnh Đắk Lắk”
    of “BỘ CHQS TỈNH ĐẮK LẮK”."""
    return re.sub(r"\w+", lambda word: _IN_FULL.get(word[0], word[0]), post_in_full(unshouted(name)))


def _spelled(word: str) -> str:
    lower = word.lower()
    if lower in _SMALL:
        return lower
    if word in _SHORT or not any(letter in _VOWELS for letter in search_key(lower)):
        return word
    return "’".join("'".join(part.capitalize() for part in piece.split("'")) for piece in lower.split("’"))
