"""What is stored, searched and sorted by."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.vietnamese.text import clean, name_sort_key, search_key, sort_key, tidy


@given(st.text())
def test_clean_is_what_the_store_keeps(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in once)


@given(st.text())
def test_search_does_not_see_composition(text: str) -> None:
    assert search_key(unicodedata.normalize("NFD", text)) == search_key(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hòa", "Hoà"), ("ĐỒN", "don"), ("Ea Súp", "ea sup"), ("Lý", "Lí"), ("H'Bia Êban", "h bia eban"),
     ("Krông Nô", "krong no"),
     ("Ｔhôn １２", "thon 12"), ("Vàng\ufe0f An", "vang an"),
     ("Ƀlao Čư̆ ñ", "blao cu n"), ("01-GT/ĐU", "01 gt du"), ("Ðắk", "dak"), ("thuỷ", "thủy")],
)  # fmt: skip
def test_search_finds_either(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("e\u0301\u0302 a\u0300\u0306 o\u0303\u0302", "ế ằ ỗ"), ("o\u0301\u031b u\u0323\u031b", "ớ ự"),
     ("e\u0302\u0306 ê\u0306", "ê\u0306 ê\u0306"), ("a\u0341", "á"), ("Ｔhôn　１２，５", "Thôn 12,5"),
     ("\ufeffgiếng\u200b\u00ad \u2764\ufe0f\u034f", "giếng \u2764")],
)  # fmt: skip
def test_what_is_entered_otherwise_is_stored_as_it_is_meant(typed: str, stored: str) -> None:
    assert tidy(typed) == stored


def test_alphabet() -> None:
    words = [
        "an",
        "ăn",
        "ân",
        "ba",
        "cá",
        "da",
        "dà",
        "dả",
        "dã",
        "dá",
        "dạ",
        "đa",
        "em",
        "êm",
        "hoa",
        "ia",
        "in",
        "mai",
        "nam",
        "ong",
        "ông",
        "ơn",
        "tư",
        "tự",
        "uyên",
        "ưng",
        "vì",
        "xã",
        "ý",
    ]
    random.Random(1).shuffle(shuffled := list(words))
    assert sorted(shuffled, key=sort_key) == words


def test_people_by_given_name() -> None:
    people = ["Trần Văn An", "Lê Thị Ánh", "Nguyễn Văn Bình", "H'Bia Êban", "Nguyễn Đức Đạt"]
    assert sorted(people, key=name_sort_key) == [
        "Trần Văn An", "Lê Thị Ánh", "Nguyễn Văn Bình", "Nguyễn Đức Đạt", "H'Bia Êban"
    ]  # fmt: skip
    assert sorted(["Trần Văn AN", "Lê Văn An"], key=name_sort_key) == ["Lê Văn An", "Trần Văn AN"]


def test_ede_and_jarai_letters_stand_with_their_plain_ones() -> None:
    assert sorted(["xã", "Ƀuôn", "cư", "Čư", "bản"], key=sort_key) == ["bản", "Ƀuôn", "cư", "Čư", "xã"]


def test_openkey_mark_and_escapes_are_never_stored() -> None:
    assert clean("a\u202fb\x1b[31mc\u202e\n d") == "ab[31mc  d"
    assert clean("một\r\nhai\x07", multiline=True) == "một\nhai"
