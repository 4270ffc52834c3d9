"""Telex and VNI: every syllable, at every place of marks; what is not Vietnamese stays as it is."""

import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.vietnamese.input_method import InputMethod
from fieldapp.vietnamese.syllables import ONSETS, RIMES, STOPS, with_tone
from fieldapp.vietnamese.telex import METHODS, TELEX, VNI, Method, compose, finish_word, spell
from fieldapp.vietnamese.text import search_key, sort_key

DATA = Path(__file__).parent.parent / "data"
DOCS = Path(__file__).parent.parent.parent / "docs"


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


def typed(text: str, method: Method, modern: bool = False) -> str:
    typist, before = InputMethod(method, modern), ""
    for key in text:
        before = typist.press(before, key)
    return typist.finish(before)


@pytest.mark.parametrize("at_end", [False, True], ids=["marks in order", "marks at the end"])
@pytest.mark.parametrize("modern", [False, True], ids=["hòa", "hoà"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_syllable_arrives(method: Method, modern: bool, at_end: bool) -> None:
    all_of_them = [with_tone(onset + rime, tone, modern) for onset, rime, tone in syllables()]
    assert len(all_of_them) > 15_000
    if modern:  # the others are written alike
        all_of_them = [with_tone(o + r, tone, True) for o, r, tone in syllables() if tone and r in ("oa", "oe", "uy")]
    wrong = [
        (w, spell(w, method, at_end)) for w in all_of_them if finish_word(spell(w, method, at_end), method, modern) != w
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("keys", "old", "modern"),
    [("hoaf", "hòa", "hoà"), ("thuyr", "thủy", "thuỷ"), ("khoer", "khỏe", "khoẻ"), ("quys", "quý", "quý"),
     ("giaf", "già", "già"), ("toans", "toán", "toán"), ("ngoaif", "ngoài", "ngoài"), ("cuar", "của", "của"),
     ("khuyaf", "khuỳa", "khuỳa"), ("ngoeof", "ngoèo", "ngoèo"), ("quoocs", "quốc", "quốc"), ("uyr", "ủy", "uỷ"),
     ("gif", "gì", "gì"), ("gieengs", "giếng", "giếng"), ("thuowr", "thuở", "thuở"), ("muaf", "mùa", "mùa")],
)  # fmt: skip
def test_tones_stand_where_they_are_written(keys: str, old: str, modern: str) -> None:
    assert (compose(keys, TELEX), compose(keys, TELEX, modern=True)) == (old, modern)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("ass", "as"), ("asss", "ass"), ("aaa", "aa"), ("dd", "đ"), ("ddd", "dd"), ("aww", "aw"), ("tww", "tw"),
     ("tw", "tư"), ("w", "w"), ("nhw", "như"), ("duowcjd", "được"), ("dduwowcj", "được"), ("tuwowi", "tươi"),
     ("tuwoi", "tươi"), ("tieesngz", "tiêng"), ("tás", "tás"), ("tafs", "tá"), ("DDUWOWCJ", "ĐƯỢC"), ("Ddaats", "Đất"),
     ("HDDND", "HĐND"), ("DDBP", "ĐBP"), ("VPDDU", "VPĐU"), ("VPDDDU", "VPDDU"), ("DDd", "Dd"), ("ddD", "dD"),
     ("QDD", "QĐ"), ("TUW", "TƯ"), ("booong", "boong"), ("gooongf", "goòng"),
     ("Kroong", "Krông"), ("DDawks", "Đắk"), ("Drawks", "Drắk"), ("EEban", "Êban"), ("Ksor", "Ksor"), ("Hyeo", "Hyeo"),
     ("Rvee", "Rvê"), ("Bleeh", "Blêh"), ("message", "message"), ("tesst", "test"), ("errors", "errors")],
)  # fmt: skip
def test_telex(keys: str, shown: str) -> None:
    assert finish_word(keys, TELEX) == shown


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("tie61ng", "tiếng"), ("tieng61", "tiếng"), ("d9u7o7c5", "được"), ("d9uoc75", "được"), ("a11", "a1"),
     ("a66", "a6"), ("d99", "d9"), ("HD9ND", "HĐND"), ("Kro6ng", "Krông"), ("D9a8k1", "Đắk"), ("to6i1", "tối"),
     ("hoa20", "hoa"), ("B52", "B52"), ("mc42", "mc42")],
)  # fmt: skip
def test_vni(keys: str, shown: str) -> None:
    assert finish_word(keys, VNI) == shown


@pytest.mark.parametrize(
    ("telex", "vni", "letters"),
    [("e\\", "e\\", "ĕ"), ("o\\", "o\\", "ŏ"), ("ow\\", "o7\\", "ơ̆"), ("b\\", "b\\", "ƀ"), ("c\\", "c\\", "č"),
     ("n\\", "n\\", "ñ"), ("ee\\", "e6\\", "ê̆"), ("oo\\", "o6\\", "ô̆"), ("uw\\", "u7\\", "ư̆"), ("u\\", "u\\", "ŭ"),
     ("i\\", "i\\", "ĭ"), ("C\\uw\\", "C\\u7\\", "Čư̆"), ("B\\uoon", "B\\uo6n", "Ƀuôn")],
)  # fmt: skip
def test_letters_of_the_highlands(telex: str, vni: str, letters: str) -> None:
    for keys, method in ((telex, TELEX), (vni, VNI)):
        shown = typed(keys, method)
        assert shown == letters
        assert unicodedata.is_normalized("NFC", shown)
        assert typed(spell(letters, method), method) == letters


def test_the_small_key_alone() -> None:
    assert typed("e\\\\", TELEX) == "e\\", "taken back"
    assert (typed("Adrow\\ng", TELEX), typed("Adro7\\ng", VNI)) == ("Adrơng", "Adrơng")
    assert typed("E:\\1", TELEX) == "E:\\1", "it is a letter's key only behind a letter"


def test_letters_of_the_highlands_are_searched_and_sorted() -> None:
    assert [search_key(word) for word in ("Čư̆ Êbŏ", "ƀuôn Ñă", "Rơ̆ĭ Lŭ Ê̆a")] == ["cu ebo", "buon na", "roi lu ea"]
    assert sorted(["čư", "dar", "ƀan", "cu", "bu", "ô̆i", "ôi", "oi", "ŏi"], key=sort_key) == [
        "ƀan", "bu", "cu", "čư", "dar", "oi", "ŏi", "ôi", "ô̆i"
    ]  # fmt: skip


def test_foreign_words() -> None:
    """What changes is told in the docs, word by word; nothing else may."""
    words = (DATA / "foreign-words.txt").read_text(encoding="utf-8").splitlines()
    assert len(words) >= 1990
    told = (DOCS / "typing.md").read_text(encoding="utf-8")
    for method in METHODS.values():
        changed = {word: shown for word in words if (shown := typed(word, method)) != word}
        assert not changed.keys() & {"Wi-Fi", "KH-2026/05", "SQL", "USB", "Windows", "Linux", "12-GT/ĐU", "has_ipv6"}
        (line,) = [line for line in told.splitlines() if line.startswith(f"{method.name} ({len(changed)}): ")]
        assert line == f"{method.name} ({len(changed)}): " + " · ".join(f"{w} → {s}" for w, s in changed.items())


@given(st.text(alphabet="aeiouywdtsfrxjz ng\\0169", max_size=14), st.sampled_from(list(METHODS.values())))
def test_any_keys_give_whole_text(keys: str, method: Method) -> None:
    shown = typed(keys, method)
    assert unicodedata.is_normalized("NFC", shown)
    assert len(unicodedata.normalize("NFD", shown)) <= len(keys) * 2
    assert all(typed(key, method) == key for key in keys)


def test_a_word_is_come_back_to() -> None:
    """After a backspace the rest of a word goes on as if it had been typed so."""
    for method, first, rest, meant in (
        (TELEX, "tiê", "ngs", "tiếng"),
        (VNI, "tiê", "ng1", "tiếng"),
        (TELEX, "as", "k", "ask"),
    ):
        typist, before = InputMethod(method), f"một {first}"
        for key in rest:
            before = typist.press(before, key)
        assert before == f"một {meant}"
