"""Figures as people type them: a number, about a number, words, parts with their days."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.records.typed_figures import FigureData, figures_typed, read_figures

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
    ("hàng chục @", "Ngày viết như"), ("1,5", "."), ("5 lượt", "."),
])  # fmt: skip
def test_what_cannot_be_read_is_refused(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_figures(typed, COUNTED, LAST)


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
