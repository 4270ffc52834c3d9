"""Short forms of dates."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.dates import format_date, format_date_long, parse_date

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("5", (2026, 11, 5)), ("30", (2026, 10, 30)), ("5/11", (2026, 11, 5)), ("25/12", (2025, 12, 25)),
     ("051126", (2026, 11, 5)), ("05112026", (2026, 11, 5)),
     ("5-11-26", (2026, 11, 5)), ("2026-11-05", (2026, 11, 5)), ("5.11", (2026, 11, 5)),
     ("hn", (2026, 11, 24)), ("hq", (2026, 11, 23)), ("29/2", (2024, 2, 29)),
     ("19/5/98", (1998, 5, 19)), ("190598", (1998, 5, 19)), ("1/1/46", (2046, 1, 1)),
     ("ho\u0302m nay", (2026, 11, 24))],
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


@given(st.integers(1, 31), st.dates(date(1950, 1, 1), date(2090, 12, 31)))
def test_a_day_alone_is_the_newest_that_has_been(day: int, today: date) -> None:
    found = parse_date(str(day), today)
    assert found.day == day
    assert 0 <= (today - found).days <= 61


@given(st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.dates(date(1950, 1, 1), date(2090, 12, 31)))
def test_a_day_without_its_year_is_never_to_come(day: date, today: date) -> None:
    if (day.month, day.day) != (2, 29):
        found = parse_date(f"{day.day}/{day.month}", today)
        assert (found.day, found.month) == (day.day, day.month)
        assert 0 <= (today - found).days <= 365


def test_dates_with_their_weekday() -> None:
    assert format_date_long(date(2026, 11, 5)) == "thứ năm, 05/11/2026"
    assert format_date_long(date(2026, 11, 8)) == "chủ nhật, 08/11/2026"


def test_a_day_before_the_first_is_told_from_when_days_are_taken() -> None:
    with pytest.raises(ValueError, match="từ 01/01/1900"):
        parse_date("01/01/1899", date(2026, 11, 26))


@pytest.mark.parametrize(
    ("typed", "after", "meant"),
    [
        ("31/12", date(2026, 10, 1), date(2026, 12, 31)),
        ("1/1", date(2026, 11, 25), date(2027, 1, 1)),
        ("25/11", date(2024, 3, 1), date(2026, 11, 25)),
        ("3", date(2026, 11, 28), date(2026, 12, 3)),
        ("3", date(2026, 10, 28), date(2026, 11, 3)),
        ("29/2", date(2026, 11, 1), date(2028, 2, 29)),
        ("31/12/25", date(2026, 10, 1), date(2025, 12, 31)),
    ],
)
def test_what_ends_does_not_fall_back_behind_where_it_began(typed: str, after: date, meant: date) -> None:
    assert parse_date(typed, date(2026, 11, 26), after) == meant


@given(st.integers(1, 31), st.integers(1, 12), st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.booleans())
def test_a_day_without_a_year_is_never_before_what_it_ends(day: int, month: int, after: date, bare: bool) -> None:
    with suppress(ValueError):
        found = parse_date(f"{day}" if bare else f"{day}/{month}", date(2026, 11, 26), after)
        assert found >= after
        assert found.day == day
