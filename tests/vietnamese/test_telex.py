"""Telex and VNI: every syllable, at every place of marks; what is not Vietnamese stays as it is."""

import os
import random
import string
import unicodedata
from copy import copy
from itertools import cycle, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syllable_table import slipped, syllables

from fieldapp.vietnamese.input_method import InputMethod
from fieldapp.vietnamese.syllables import with_tone
from fieldapp.vietnamese.telex import METHODS, TELEX, VNI, Method, compose, finish_word, spell
from fieldapp.vietnamese.text import search_key, sort_key

DATA = Path(__file__).parent.parent / "data"
BACK, DELETE = "⌫⌦"
DOCS = Path(__file__).parent.parent.parent / "docs"


def typed(text: str, method: Method, modern: bool = False, before: str = "") -> str:
    """What the keys give, with ``⌫`` for Backspace, ``⌦`` for Delete, ``←`` and ``→`` for the cursor's keys."""
    typist, after = InputMethod(method, modern), ""
    for key in text:
        if key == BACK:
            before, after = typist.backspace(before, after) or (before[:-1], after)
        elif key == DELETE:
            before, after = typist.delete(before, after) or (before, after[1:])
        elif key in "←→":
            cut = len(before) + (1 if key == "→" else -1)
            before, after = (before + after)[:cut], (before + after)[cut:]
        else:
            before, after = typist.press(before, after, key)
    return "".join(typist.finish(before, after))


def prefixes(method: Method) -> list[str]:
    """All beginnings of the keys of the syllables, in both habits. With ``FIELDAPP_SOAK`` of all of them, else of every
    rime with every tone, and of every onset with every rime, once each."""
    table = list(syllables())
    if not os.environ.get("FIELDAPP_SOAK"):
        random.Random(23).shuffle(table)
        with_tones = {(rime, tone): (onset, rime, tone) for onset, rime, tone in table}
        with_onsets = {(onset, rime): (onset, rime, tone) for onset, rime, tone in table}
        table = [*with_tones.values(), *with_onsets.values()]
    words = [with_tone(onset + rime, tone, modern=False) for onset, rime, tone in table]
    keys = {spell(word, method, at_end) for word in words for at_end in (False, True)}
    return sorted({typed[:end] for typed in keys for end in range(len(typed) + 1)})


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


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_after_a_slip_and_backspace_nothing_is_left_of_it(method: Method) -> None:
    """At every place of every word, one slip and two: text and state are as if it had not been, so the word goes on."""
    slips = cycle(string.ascii_lowercase + ("0123456789" if method is VNI else ""))
    seen = {"": (InputMethod(method), "")}
    wrong = []
    for keys in prefixes(method):
        if keys:
            typist, before = seen[keys[:-1]]
            typist = copy(typist)
            before, _behind = typist.press(before, "", keys[-1])
            seen[keys] = typist, before
        typist, before = copy(seen[keys][0]), seen[keys][1]
        one, two = next(slips), next(slips)
        for slip in (one, two) if keys else "":
            before, _behind = typist.press(before, "", slip)
        for _slip in (one, two) if keys else "":
            before, _behind = typist.backspace(before) or (before[:-1], "")
        if (typist._word, before) != (seen[keys][0]._word, seen[keys][1]):
            wrong.append((keys, one + two, before))
    assert wrong == []


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_words_arrive_over_slips(method: Method) -> None:
    """Words of the table with one slip, with two at one place, and with two at two places, key by key to their end."""
    rng = random.Random(7)
    words = [with_tone(onset + rime, tone, modern=False) for onset, rime, tone in rng.sample([*syllables()], 150)]
    wrong = []
    for word, at_end in product(words, (False, True)):
        for keys in slipped(spell(word, method, at_end), rng):
            if typed(keys, method) != word:
                wrong.append((word, keys, typed(keys, method)))
    assert wrong == []


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("Vieett⌫j", "Việt"), ("Vieets⌫j", "Việt"), ("Vieetj⌫⌫nj", "Viện"), ("thuown⌫r", "thuở"), ("cass⌫", "cá"),
     ("Kroongg⌫", "Krông"), ("EEbban⌫⌫⌫an", "Êban"), ("B\\uook⌫n", "Ƀuôn"), ("HDDNDk⌫", "HĐND"), ("tesstt⌫", "test"),
     ("Windowss⌫", "Windows"), ("DDUWOWWC⌫⌫CJ", "ĐƯỢC"),
     ("Vieett ⌫⌫j", "Việt"), ("Viee ⌫tj", "Việt"), ("Vieet ⌫j", "Việt"), ("has_⌫s", "hass"), ("ba as⌫⌫⌫s", "bá"),
     ("Vieebt←⌫→j", "Việt"), ("Vieebtj←←⌫", "Việt"), ("Vieebtj←←←⌦", "Việt"), ("Vikeebtj←←⌫←←⌫", "Việt"),
     ("toan←s", "toán"), ("tieng←←e→→s", "tiếng"), ("tuong←←w→→f", "tường"),
     ("c←dduwowj", "được"), ("i←tuwow", "tươi"), ("a←hof", "hòa"), ("c←dduwowkk⌫⌫j", "được"), ("doan←←←d", "đoan"),
     ("DDawLk←←⌦", "Đăk"), ("DDawLk←⌫s", "Đắk"), ("nguiks←←⌦", "ngúi"), ("nguist←⌦", "ngúi"),
     ("an←←bor ", "bỏ an"), ("em←←owr ", "ở em"), ("tests tests←←⌦", "tests tess")],
)  # fmt: skip
def test_a_word_is_composed_again_from_its_keys(keys: str, shown: str) -> None:
    """After Backspace and Delete, with the cursor within the word, and where a word is picked up again."""
    assert typed(keys, TELEX) == shown


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("Vie6tt⌫5", "Việt"), ("Vie61⌫t5", "Việt"), ("so61 12⌫3", "số 13"), ("B52⌫3", "B53"), ("45a⌫b", "45b"),
     ("Vie6tt ⌫⌫5", "Việt"), ("toan←1", "toán"), ("Vie6kt5←←⌫", "Việt"), ("KH12⌫3", "KH13")],
)  # fmt: skip
def test_so_it_is_with_digits(keys: str, shown: str) -> None:
    assert typed(keys, VNI) == shown


@pytest.mark.parametrize("stored", ["taxi", "tests", "Viett", "Krông", "Ƀuôn", "H'leo", "hoà"])
def test_in_a_word_that_stood_there_backspace_takes_a_letter(stored: str) -> None:
    assert InputMethod(TELEX).backspace(stored) is None
    typist = InputMethod(TELEX)
    assert typist.press("Viêt", "", "j") == ("Việt", ""), "and it goes on as if it had been typed"


@pytest.mark.parametrize(
    ("stood", "keys", "shown"),
    [("Việt", "k", "Việtk"), ("đắ", "k", "đắk"), ("đắ", "k ", "đắk "), ("thôn", "g", "thông"), ("khuyê", " ", "khuyê "),
     ("khuyê", "n ", "khuyên "), ("tiê", "c ", "tiêc "), ("Việt", "_", "Việt_"), ("Viê", "tk⌫j", "Việt"),
     ("Viêt", "j_", "Việt_"), ("Việt", "j", "Việtj")],
)  # fmt: skip
def test_a_word_that_stood_there_never_shows_keys_that_nobody_typed(stood: str, keys: str, shown: str) -> None:
    assert typed(keys, TELEX, before=stood) == shown


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
     ("Bkroong", "Bkrông"), ("Kddawm", "Kđăm"),
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


_NAMES = """
    Kpă Krông Đắk Đăk Êban Êđê Siu Rơ Châm Rmah Nay Puih Mlô Niê Yă Ayŭn Bkrông Byă Knul Ktla Kdăm Djhăp Dhăm Jhưt Rvê
    Súp H'Yơn H'Đê H'Blốt Y'Blô M'Drắk Mđrắk Đrắk Bhốk Hlốp Kuốp Knuếc Jlơi Djrăng Xtiêng Pắc Kông Chro Glei Kbang Ƀuôn
    Čư
"""
NAMES = _NAMES.split()
"""Of people and places, Ede, Jarai, Bahnar, Xtiêng"""


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_names_of_the_highlands(method: Method) -> None:
    """Marks at their letters and at the end of the word, in capitals too, and each name over slips that are mended."""
    rng = random.Random(23)
    own = "bcghkmnpv"  # letters that are no keys
    wrong = []
    for name, at_end in product((*NAMES, *map(str.upper, NAMES)), (False, True)):
        if at_end and name.startswith("Ê"):
            continue  # Eb begins no word, and is shown as typed
        keys = "'".join(spell(part, method, at_end) for part in name.split("'"))
        slips = ["", "", "{0}⌫", "{0}{1}⌫⌫", " ⌫", "{0} ⌫⌫", "{0}←→⌫", "{0}←⌦", "{0}{1}←⌦⌫", "←→"]
        over = "".join(key + rng.choice(slips).format(*rng.choices(own, k=2)) for key in keys)
        wrong += [(name, sent, shown) for sent in (keys, over) if (shown := typed(sent, method)) != name]
    assert wrong == []


@pytest.mark.parametrize(
    ("keys", "method", "shown"),
    [("Drawsk", TELEX, "Drắk"), ("Dra81k", VNI, "Drắk"), ("Ju1t", VNI, "Jút"), ("Kroos", TELEX, "Krôs"),
     ("Krooss", TELEX, "Krôs"), ("Pro1", VNI, "Pro1"), ("Press", TELEX, "Press"), ("Just", TELEX, "Just"),
     ("H'Ngowrr", TELEX, "H'Ngơr"), ("Anaa", TELEX, "Ana"), ("M'garr", TELEX, "M'gar"),
     ("D9ak L8a1k", VNI, "Đak L8a1k")],
)  # fmt: skip
def test_a_tone_within_a_name_waits_for_its_consonant(keys: str, method: Method, shown: str) -> None:
    assert typed(keys, method) == shown


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
            before, _behind = typist.press(before, "", key)
        assert before == f"một {meant}"
