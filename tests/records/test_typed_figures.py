"""Figures as people type them: a number, about a number, words, parts with their days."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.records.typed_figures import FigureData, figures_typed, read_figures
from fieldapp.records.words import amount_text

LAST = date(2026, 12, 5)
COUNTED = {"nature": "turns", "decimals": 0, "unit_name": "lượt"}
LONG = {"nature": "length", "decimals": 1, "unit_name": "km"}
MONEY = {"nature": "money", "decimals": 0, "unit_name": "đồng"}
TEXT = {"nature": "text", "decimals": 0, "unit_name": ""}


def number(amount: int, on: str | None = None, *, about: bool = False) -> FigureData:
    return {"amount": amount, "approximate": about, "note": None, "measured_on": on}


def words(note: str, on: str | None = None) -> FigureData:
    return {"amount": None, "approximate": True, "note": note, "measured_on": on}


def text(note: str, on: str | None = None) -> FigureData:
    return {"amount": None, "approximate": False, "note": note, "measured_on": on}


@pytest.mark.parametrize(("typed", "measure", "figures"), [
    ("120", COUNTED, [number(120)]), (" 2.385 ", COUNTED, [number(2385)]), ("0", COUNTED, [number(0)]),
    ("73,4", LONG, [number(734)]), ("70tr", MONEY, [number(70_000_000)]),
    ("~70tr", MONEY, [number(70_000_000, about=True)]), ("khoảng 300", COUNTED, [number(300, about=True)]),
    ("About 5", COUNTED, [number(5, about=True)]), ("~ 5", COUNTED, [number(5, about=True)]),
    ("hàng chục", COUNTED, [words("hàng chục")]), ("hàng chục; vài", COUNTED, [words("hàng chục; vài")]),
    ("120 @30/11; 80 @1/12", COUNTED, [number(120, "2026-11-30"), number(80, "2026-12-01")]),
    ("120@30/11/2025;80@5/12;", COUNTED, [number(120, "2025-11-30"), number(80, "2026-12-05")]),
    ("80 @6/12", COUNTED, [number(80, "2025-12-06")]),
    ("~1,5 @30/11; hàng chục @1/12", LONG, [number(15, "2026-11-30", about=True), words("hàng chục", "2026-12-01")]),
    ("5 cây; 3 con", TEXT, [text("5 cây; 3 con")]), ("lợn @30/11", TEXT, [text("lợn", "2026-11-30")]),
    ("lợn @30/11; gà @1/12", TEXT, [text("lợn", "2026-11-30"), text("gà", "2026-12-01")]),
    ("hỏi ở don@bien.phong", TEXT, [text("hỏi ở don@bien.phong")]), ("@30/11", TEXT, [text("@30/11")]),
    ("lợn @30/11; gà", TEXT, [text("lợn @30/11; gà")]),
])  # fmt: skip
def test_what_is_typed_is_read(typed: str, measure: dict[str, Any], figures: list[FigureData]) -> None:
    """A text may hold any sign; it has parts only where each has its day."""
    assert read_figures(typed, measure, LAST) == figures


@pytest.mark.parametrize(("typed", "says"), [
    ("120; 80", "120 @30/11; 80 @1/12"), ("120 @30/11; 80", "120 @30/11; 80 @1/12"),
    ("@30/11", "120 @30/11; 80 @1/12"), ("120 @", "Ngày viết như"), ("120 @31/11", "31/11"),
    ("hàng chục @", "Ngày viết như"), ("1,5", "."), ("5 con", "“con”"),
])  # fmt: skip
def test_what_cannot_be_read_is_refused(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_figures(typed, COUNTED, LAST)


HOUSEHOLDS = {"nature": "households", "decimals": 0, "unit_name": "hộ", "name": "Hộ hưởng lợi"}
RICE = {"nature": "quantity", "decimals": 0, "unit_name": "kg", "name": "Gạo"}
WORKDAYS = {"nature": "labour", "decimals": 0, "unit_name": "ngày công", "name": "Ngày công"}


@pytest.mark.parametrize(("measure", "forms"), [
    (MONEY, {"12 tr 5": 12_500_000, "12tr5": 12_500_000, "1 tỷ 2": 1_200_000_000, "1,2 tỷ": 1_200_000_000,
             "1 tỉ 250": 1_250_000_000, "1 tỷ 250 triệu": 1_250_000_000, "1 tỷ 5 triệu": 1_005_000_000,
             "1 tỷ 250.500.000": 1_250_500_000, "3tr250": 3_250_000, "3tr050": 3_050_000, "2 triệu rưỡi": 2_500_000,
             "500k": 500_000, "5 nghìn rưỡi": 5_500, "35 triệu đồng": 35_000_000, "35.000.000đ": 35_000_000,
             "35.000.000 VNĐ": 35_000_000, "35,000,000": 35_000_000, "35,000,000.00 vnd": 35_000_000,
             "5 trăm nghìn": 500_000, "1 triệu 2 trăm": 1_200_000, "1 triệu 2 trăm nghìn": 1_200_000,
             "5 nghìn 2 trăm": 5_200, "12tr5k": 12_005_000, "hai triệu rưỡi": 2_500_000, "ba triệu hai": 3_200_000,
             "một tỷ hai trăm triệu": 1_200_000_000, "hai mươi lăm triệu": 25_000_000}),
    (HOUSEHOLDS, {"40 hộ": 40, "15 hộ dân": 15, "15 Hộ hưởng lợi": 15, "2 chục": 20, "hai chục": 20, "hai chục hộ": 20,
                  "mười lăm": 15, "hai mươi mốt hộ": 21, "một trăm lẻ năm": 105, "ba lăm": 35, "hai muoi ho": 20,
                  "1k": 1000}),
    (COUNTED, {"40 lượt": 40, "40 lượt người": 40, "2.385 lượt": 2385}),
    (RICE, {"2 tấn": 2000, "1,5 tấn": 1500, "2 tấn 5": 2500, "3 tạ 50 kg": 350, "2 tấn rưỡi": 2500,
           "2 tấn 5 tạ": 2500, "2 tấn 5 yến": 2050, "50 kg": 50}),
    (WORKDAYS, {"40 công": 40, "40 ngày công": 40}),
    (LONG, {"73,4 km": 734, "500 m": 5}),
])  # fmt: skip
def test_figures_in_the_words_that_people_use(measure: dict[str, Any], forms: dict[str, int]) -> None:
    assert {typed: read_figures(typed, measure, LAST)[0]["amount"] for typed in forms} == forms
    assert read_figures("chừng 40", COUNTED, LAST) == [number(40, about=True)]


@pytest.mark.parametrize(("typed", "measure", "says"), [
    ("40 người", HOUSEHOLDS, "“người”.*hộ"), ("40đ", HOUSEHOLDS, "“đ”.*hộ"), ("40 hộ", COUNTED, "“hộ”.*lượt"),
    ("40 người", COUNTED, "“người”.*lượt"), ("hai chục người", HOUSEHOLDS, "“người”.*hộ"),
    ("40 ng", HOUSEHOLDS, "“ng”.*hộ"), ("40 hộ", MONEY, "“hộ”.*đồng"), ("2 tấn", HOUSEHOLDS, "“tấn”.*hộ"),
    ("hai triệu", HOUSEHOLDS, "“triệu”.*tiền"), ("40 hộ nghèo", HOUSEHOLDS, "“hộ nghèo”"),
    ("3tr25", MONEY, "“3 tr 25”.*250.000.*25.000"), ("1 tỷ 25", MONEY, "“1 tỷ 25”"),
    ("5 triệu 2 tỷ", MONEY, "“2”"),
    ("1 tỷ 2 chục", MONEY, "“1 tỷ 2 chục”"), ("1 triệu 2 trăm rưỡi", MONEY, "“rưỡi”"),
    ("35.000.00 VNĐ", MONEY, "“35.000.00”"), ("hơn 40", COUNTED, "“hơn”"),
    ("40 - 50", COUNTED, "“-50”"), ("VNĐ 35.000", MONEY, "“vnđ”"),
])  # fmt: skip
def test_a_figure_that_is_refused_names_the_piece_that_is_wrong(typed: str, measure: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_figures(typed, measure, LAST)


def test_words_that_are_no_number_stay_words() -> None:
    for typed in ("hàng chục", "vài chục", "một số", "hai ba chục", "chục", "mười mấy", "nhiều hộ", "không", "hai bên",
                  "sau", "nam", "tam", "bay", "chin", "mot", "bon", "Sau", "chừng sau"):  # fmt: skip
        assert read_figures(typed, HOUSEHOLDS, LAST) == [words(typed)]


def test_a_digit_in_a_word_has_its_marks_or_something_behind_it() -> None:
    """Without them it is a word of its own: sau is “after”, nam is “south”."""
    for typed, meant in {"sáu": 6, "năm": 5, "tám": 8, "bảy": 7, "hai": 2, "sau ho": 6, "nam chuc": 50}.items():
        assert read_figures(typed, HOUSEHOLDS, LAST)[0]["amount"] == meant, typed


@given(st.integers(0, 10**15), st.sampled_from([COUNTED, LONG, MONEY, HOUSEHOLDS, RICE, WORKDAYS]), st.booleans())
def test_what_the_program_shows_is_typed_again_as_it_was(amount: int, measure: dict[str, Any], about: bool) -> None:
    figure = number(amount, about=about)
    assert read_figures(amount_text(figure, measure), measure, LAST) == [figure]


@given(st.integers(0, 10**9), st.sampled_from(["con", "x", "lít", "?", "cái nồi"]), st.sampled_from([MONEY, COUNTED]))
def test_the_piece_that_nobody_knows_is_named(amount: int, piece: str, measure: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"“{re.escape(piece)}”"):
        read_figures(f"{amount} {piece}", measure, LAST)


DAYS = st.dates(date(2000, 1, 1), LAST).map(date.isoformat)
FIGURES = st.one_of(
    st.builds(number, st.integers(0, 10**12), DAYS, about=st.booleans()),
    st.builds(words, st.sampled_from(["hàng chục", "nhiều", "vài ba"]), DAYS),
)


@given(st.lists(FIGURES, min_size=1, max_size=4), st.sampled_from([COUNTED, LONG, MONEY]))
def test_what_is_stored_is_typed_again_as_it_was(figures: list[FigureData], measure: dict[str, Any]) -> None:
    assert read_figures(figures_typed(figures, measure), measure, LAST) == figures
    for figure in figures:
        whole = {**figure, "measured_on": None}
        assert read_figures(figures_typed([whole], measure), measure, LAST) == [whole]
