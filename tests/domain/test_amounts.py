"""Short forms of amounts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.amounts import format_amount, format_money, parse_amount


@pytest.mark.parametrize(
    ("typed", "decimals", "meant"),
    [("70tr", 0, 70_000_000), ("1,5 triệu", 0, 1_500_000), ("2.100", 0, 2100), ("3tr5", 0, 3_500_000), ("5k", 0, 5000),
     ("1 250 000", 0, 1_250_000), ("2 tỷ đồng", 0, 2_000_000_000), ("73,4", 1, 734), ("1.250.000đ", 0, 1_250_000)],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, decimals: int, meant: int) -> None:
    assert parse_amount(typed, decimals) == meant


@pytest.mark.parametrize(("words", "factor"), [
    ("k n ng nghìn ngàn nghin ngan", 1_000), ("tr triệu trieu", 1_000_000), ("tỷ tỉ ty ti", 1_000_000_000),
])  # fmt: skip
def test_every_word_for_a_large_number(words: str, factor: int) -> None:
    for word in words.split():
        for typed, times in ((f"2{word}", 20), (f"2 {word.upper()} đồng", 20), (f"1,5{word}", 15), (f"3{word}5", 35)):
            assert parse_amount(typed) == times * factor // 10, typed
        if factor > 1_000:
            with pytest.raises(ValueError, match="tiền"):
                parse_amount(f"2{word}", unit="lượt")
        elif word in ("n", "ng"):  # may be người or ngày
            with pytest.raises(ValueError, match=f"“{word}”.*lượt"):
                parse_amount(f"2{word}", unit="lượt")
        else:
            assert parse_amount(f"2{word}", unit="lượt") == 2_000


@pytest.mark.parametrize(
    "typed",
    ["", "2.1", "1.5tr", "-3", "73,4", "1e5", "1,5tr5", "12 con", "9999999 tỷ", "٣", "1..000", "0.500", "000.500",
     "0 500"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[Ss]ố|ô này"):
        parse_amount(typed)


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_amounts_come_back(value: int, decimals: int) -> None:
    assert parse_amount(format_amount(value, decimals), decimals) == value
    assert parse_amount(format_money(value)) == value


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("2.1", "Dấu chấm"), ("1.5tr", "Dấu chấm"), ("0.500", "Dấu chấm"), ("-3", "âm"), ("\u22123", "âm"),
     ("10000000 tỷ", "lớn"),
     ("9" * 5000, "lớn"), ("1,5", "phần lẻ"), ("1," + "0" * 40 + "1", "chữ số"), ("12 con", "“con”.*đồng"),
     ("35.000.000 VNX", "“vnx”"), ("12 ? 3", "“[?]3”")],
)  # fmt: skip
def test_the_sentence_says_what_is_wrong(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_amount(typed)


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_amounts_come_back_decomposed(value: int, decimals: int) -> None:
    assert parse_amount(unicodedata.normalize("NFD", format_money(value))) == value
    assert format_amount(-value, decimals) == ("-" if value else "") + format_amount(value, decimals)


@given(st.text(alphabet="0123456789., ktrtỷiệuđồng-", max_size=14), st.integers(0, 3))
def test_any_text_is_an_amount_or_refused(text: str, decimals: int) -> None:
    try:
        assert 0 <= parse_amount(text, decimals) <= 10**15
    except ValueError as error:
        assert str(error)


def test_money_as_reports_say_it() -> None:
    assert format_money(70_000_000) == "70 triệu đồng"
    assert format_money(1_500_000) == "1,5 triệu đồng"
    assert format_money(2_000_000_000) == "2 tỷ đồng"
    assert format_money(1_250_050) == "1.250.050 đồng"


@pytest.mark.parametrize(("typed", "decimals"), [("1,000", 0), ("2,100", 0), ("2,500", 1), ("1,000đ", 0), ("1,000", 3)])
def test_three_digits_behind_a_comma_may_be_an_english_thousand(typed: str, decimals: int) -> None:
    with pytest.raises(ValueError, match=r"không rõ.*" + typed[:5].replace(",", r"\.")):
        parse_amount(typed, decimals)


def test_three_decimals_are_taken_where_they_can_be_meant() -> None:
    assert parse_amount("1,125", 3) == 1125
    assert parse_amount("0,500", 1) == 5
    assert parse_amount("1,250 triệu") == 1_250_000


@pytest.mark.parametrize("typed", ["80tr", "2 tỷ", "1,5 triệu", "3tr5"])
def test_millions_are_written_short_of_money_only(typed: str) -> None:
    with pytest.raises(ValueError, match="số tiền"):
        parse_amount(typed, unit="lượt")
    assert parse_amount("5k", unit="lượt") == 5000
