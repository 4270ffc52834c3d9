"""Short forms of dates and amounts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.amounts import format_amount, format_money, parse_amount
from fieldapp.domain.dates import format_date, parse_date

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("5", (2026, 11, 5)), ("30", (2026, 10, 30)), ("5/11", (2026, 11, 5)), ("25/12", (2025, 12, 25)),
     ("051126", (2026, 11, 5)), ("05112026", (2026, 11, 5)), ("5-11-26", (2026, 11, 5)), ("2026-11-05", (2026, 11, 5)),
     ("hn", (2026, 11, 24)), ("hq", (2026, 11, 23)), ("29/2", (2024, 2, 29))],
)  # fmt: skip
def test_dates_as_people_type_them(typed: str, meant: tuple[int, int, int]) -> None:
    assert parse_date(typed, TODAY) == date(*meant)


@pytest.mark.parametrize("typed", ["", "x", "32", "30/2/2026", "0", "5/13", "1/1/1", "٥", "2026-02-30", "99999999"])
def test_what_is_no_date_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match="Ngày viết như"):
        parse_date(typed, TODAY)


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_dates_come_back(day: date) -> None:
    assert parse_date(format_date(day), TODAY) == day
    assert parse_date(day.isoformat(), TODAY) == day


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        assert parse_date(text, TODAY).year >= 1900
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("typed", "decimals", "meant"),
    [("70tr", 0, 70_000_000), ("1,5 triệu", 0, 1_500_000), ("2.100", 0, 2100), ("3tr5", 0, 3_500_000), ("5k", 0, 5000),
     ("1 250 000", 0, 1_250_000), ("2 tỷ đồng", 0, 2_000_000_000), ("73,4", 1, 734), ("1.250.000đ", 0, 1_250_000)],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, decimals: int, meant: int) -> None:
    assert parse_amount(typed, decimals) == meant


@pytest.mark.parametrize(
    "typed", ["", "2.1", "1.5tr", "-3", "73,4", "1e5", "1,5tr5", "12 con", "9999999 tỷ", "٣", "1..000"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[Ss]ố"):
        parse_amount(typed)


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_amounts_come_back(value: int, decimals: int) -> None:
    assert parse_amount(format_amount(value, decimals), decimals) == value
    assert parse_amount(format_money(value)) == value
