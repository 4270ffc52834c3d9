"""Blanks of every sort are blanks, and a letter with its marks is one letter."""

import sys
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.vietnamese.letters import look_alikes
from fieldapp.vietnamese.text import as_meant, clean, composed, letter_end, letter_start, search_key, tidy

BLANKS = [c for c in map(chr, range(sys.maxunicode)) if c.isspace() or unicodedata.category(c) in ("Zs", "Zl", "Zp")]
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
WORDS = st.sampled_from(["Nguyễn", "Văn", "An", "1", "000", "Êban", "ê\u0306"])
PIECES = st.sampled_from([*"oêế ", *"\u0301\u0302\u0303\u0306\u031b\u0323\u200b\ufe0f"])
LETTERS = st.sampled_from(["a", "ệ", "Đ", " ", "ê\u0306", "e\u0302\u0323", "ơ\u0306", "1", "’"])


@given(st.lists(WORDS, min_size=1), st.data())
def test_every_blank_of_unicode_parts_words(words: list[str], data: st.DataObject) -> None:
    blanks = data.draw(st.lists(st.sampled_from(BLANKS), min_size=len(words), max_size=len(words)))
    text = "".join(f"{word}{blank}" for word, blank in zip(words, blanks, strict=True))
    assert tidy(text) == clean(" ".join(words))
    assert search_key(text) == search_key(" ".join(words))
    assert tidy(text, multiline=True).split() == clean(" ".join(words)).split()


@given(st.lists(st.sampled_from([*"Nguyễn Văn", *UNSEEN])))
def test_what_has_no_width_is_left_out(text: list[str]) -> None:
    seen = "".join(c for c in text if c not in UNSEEN)
    assert tidy("".join(text)) == clean(seen)
    assert search_key("".join(text)) == search_key(seen)


@given(st.text() | st.lists(PIECES).map("".join))
def test_tidy_is_clean_and_stays(text: str) -> None:
    assert len(as_meant(text)) == len(text)
    assert tidy(tidy(text)) == tidy(text) == clean(tidy(text))
    assert composed(composed(text)) == composed(text)


@pytest.mark.parametrize("letter", [*"ếậằợữĩĐ", "ê\u0306", "Ô\u0306", "ơ\u0306", "â\u0306"])
def test_marks_in_any_order_are_one_letter(letter: str) -> None:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    for order in permutations(marks):
        for first in range(len(marks) + 1):
            begun = unicodedata.normalize("NFC", base + "".join(order[:first]))
            assert tidy(begun + "".join(order[first:])) == unicodedata.normalize("NFC", letter)


def test_an_i_without_its_dot_has_one_below_a_tone_no_more() -> None:
    assert tidy("chı\u0301nh tri\u0323, Gı\u0309a") == "chính trị, Gỉa", "as some PDF files spell it"


def test_the_letters_of_old_fonts_are_d_with_its_bar() -> None:
    assert tidy("\u00d0ồn bi\u00f0n phòng, \u0189ắk") == "Đồn biđn phòng, Đắk"


@given(st.lists(LETTERS))
def test_every_letter_begins_where_the_one_before_ends(letters: list[str]) -> None:
    text, at = "".join(letters), 0
    for letter in letters:
        assert letter_end(text, at) == at + len(letter)
        assert letter_start(text, at + len(letter)) == at
        at += len(letter)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nguyễn Văn \u0410n", [("\u0410n", ["\u0410"])]),
        ("\u0422\u0410\u041d", [("\u0422\u0410\u041d", ["\u0422", "\u0410", "\u041d"])]),
        ("\u039dguyễn", [("\u039dguyễn", ["\u039d"])]),
        ("Nguyễn T\u03ccan", [("T\u03ccan", ["\u03cc"])]),
        ("Y \u04d0n", [("\u04d0n", ["\u04d0"])]),
        ("Москва, 5 кг; 10 µm, kΩ", []),
        ("Đồn Biên phòng Ia Rvê, Ƀuôn Čư̆", []),
    ],
)
def test_letters_of_other_alphabets_that_look_like_ours(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert look_alikes(text) == found
