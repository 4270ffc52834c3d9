"""Short forms of dates."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.dates import format_date, format_date_long, parse_date, year_meant

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("5", (2026, 11, 5)), ("30", (2026, 10, 30)), ("5/11", (2026, 11, 5)), ("25/12", (2025, 12, 25)),
     ("051126", (2026, 11, 5)), ("05112026", (2026, 11, 5)),
     ("20261105", (2026, 11, 5)), ("20120110", (2012, 1, 10)), ("20122010", (2010, 12, 20)),
     ("5-11-26", (2026, 11, 5)), ("2026-11-05", (2026, 11, 5)), ("5.11", (2026, 11, 5)),
     ("hn", (2026, 11, 24)), ("hq", (2026, 11, 23)), ("29/2", (2024, 2, 29)),
     ("19/5/98", (1998, 5, 19)), ("190598", (1998, 5, 19)), ("1/1/46", (2046, 1, 1)),
     ("ho\u0302m nay", (2026, 11, 24)), ("2311", (2026, 11, 23)), ("2511", (2025, 11, 25)),
     ("thứ bảy vừa rồi", (2026, 11, 21)), ("thứ ba vừa qua", (2026, 11, 17)), ("CN vừa qua", (2026, 11, 22))],
)  # fmt: skip
def test_dates_as_people_type_them(typed: str, meant: tuple[int, int, int]) -> None:
    assert parse_date(typed, TODAY) == date(*meant)


@pytest.mark.parametrize("typed", ["", "x", "32", "30/2/2026", "0", "5/13", "1/1/1", "٥", "2026-02-30", "99999999"])
def test_what_is_no_date_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match="Ngày viết như"):
        parse_date(typed, TODAY)


@pytest.mark.parametrize(("typed", "year"), [("45", 1945), ("26", 2026), ("27", 2027), ("28", 1928), ("2028", 2028)])
def test_a_year_of_two_digits_is_hardly_to_come(typed: str, year: int) -> None:
    assert year_meant(typed, TODAY) == year


def test_four_digits_that_may_be_a_year_are_no_day() -> None:
    """Of a report from 2012 on, and of old papers on which only the year stands."""
    assert parse_date("0511", TODAY) == date(2026, 11, 5)
    with pytest.raises(ValueError, match="20/12"):
        parse_date("2012", TODAY)


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12 tháng 11", (2026, 11, 12)), ("ngày 12 tháng 11", (2026, 11, 12)),
        ("12 thang 11 nam 2025", (2025, 11, 12)),
        ("12 tháng 11, năm 2026", (2026, 11, 12)), ("12 tháng 11/26", (2026, 11, 12)),
        ("mùng 5 tháng 11", (2026, 11, 5)),
        ("ngày 5", (2026, 11, 5)), ("12-11", (2026, 11, 12)), ("12.11", (2026, 11, 12)),
        ("12 / 11 / 26", (2026, 11, 12)),
        ("hôm kia", (2026, 11, 22)), ("hom kia", (2026, 11, 22)), ("sáng nay", (2026, 11, 24)), ("-3", (2026, 11, 21)),
        ("3 ngày trước", (2026, 11, 21)), ("hai tuần trước", (2026, 11, 10)),
        ("thứ sáu", (2026, 11, 20)), ("t3", (2026, 11, 24)), ("chủ nhật tuần trước", (2026, 11, 22)),
        ("thu sau tuan truoc", (2026, 11, 20)), ("đầu tháng", (2026, 11, 1)), ("cuối tháng trước", (2026, 10, 31)),
        ("cuối tháng 2", (2026, 2, 28)), ("cuối tháng 2/2024", (2024, 2, 29)), ("đầu năm", (2026, 1, 1)),
        ("ngày 5 tháng trước", (2026, 10, 5)), ("thứ năm, 05/11/2026", (2026, 11, 5)), ("thứ năm 5/11", (2026, 11, 5)),
    ],
)  # fmt: skip
def test_days_in_the_words_that_people_use(typed: str, meant: tuple[int, int, int]) -> None:
    assert parse_date(typed, TODAY) == date(*meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mai", (2026, 11, 25)), ("ngày mai", (2026, 11, 25)), ("mốt", (2026, 11, 26)), ("ngày kia", (2026, 11, 26)),
        ("+3", (2026, 11, 27)), ("+1 tuần", (2026, 12, 1)), ("3 ngày", (2026, 11, 27)),
        ("trong 3 ngày", (2026, 11, 27)),
        ("trong 3 ngày tới", (2026, 11, 27)), ("2 hôm nữa", (2026, 11, 26)), ("thứ hai tới", (2026, 11, 30)),
        ("2 tuần", (2026, 12, 8)), ("ba ngày nữa", (2026, 11, 27)),
        ("sau 1 tháng", (2026, 12, 24)), ("3 thang", (2027, 2, 24)), ("1 năm", (2027, 11, 24)),
        ("thứ sáu tuần sau", (2026, 12, 4)), ("thu sau tuan nay", (2026, 11, 27)), ("cn tuần tới", (2026, 12, 6)),
        ("cuối tháng", (2026, 11, 30)), ("hết tháng", (2026, 11, 30)), ("cuối tháng sau", (2026, 12, 31)),
        ("cuối quý", (2026, 12, 31)), ("cuối năm", (2026, 12, 31)), ("đầu tuần sau", (2026, 11, 30)),
        ("ngày 5 tháng sau", (2026, 12, 5)), ("5/12", (2026, 12, 5)), ("12 tháng 12", (2026, 12, 12)),
    ],
)  # fmt: skip
def test_a_deadline_in_the_words_that_people_use(typed: str, meant: tuple[int, int, int]) -> None:
    assert parse_date(typed, TODAY, TODAY, ahead=True) == date(*meant)


@pytest.mark.parametrize(
    ("typed", "after", "ahead", "says"),
    [
        ("tuần sau", TODAY, True, "“tuần sau”.*30/11/2026.*06/12/2026"),
        ("cuối tuần", TODAY, True, "23/11/2026.*29/11"), ("1 tháng trước", None, False, "01/10/2026.*24/10/2026"),
        ("tháng sau", TODAY, True, "01/12/2026.*31/12/2026"), ("giữa tháng", TODAY, True, "“giữa tháng”"),
        ("thứ sáu", TODAY, True, "20/11/2026.*27/11/2026"), ("thứ sáu tới", TODAY, True, "27/11/2026.*04/12/2026"),
        ("thứ sáu nọ", TODAY, True, "“nọ”"), ("5 tháng sau", TODAY, True, "05/12/2026.*24/04/2027"),
        ("3 ngày", date(2026, 11, 10), True, "13/11/2026.*27/11/2026"),
        ("+3", date(2026, 11, 10), True, "13/11.*27/11"),
        ("3 ngày", None, False, "“3 ngày”"), ("2 tuần", date(2026, 11, 10), False, "“2 tuần”"),
        ("thứ sáu, 05/11/2026", None, False, "thứ năm, 05/11/2026"), ("5/11/2026 abc", None, False, "“5/11/2026 abc”"),
        ("một", TODAY, True, "“một”"), ("mot", TODAY, True, "“mot”"), ("ngày một", TODAY, True, "“ngày một”"),
        ("cuối tháng 13", None, False, "/13"), ("999 năm trước", None, False, "1900"),
        ("15/4", None, True, "15/04/2026.*15/04/2027"), ("1/3", None, True, "01/03/2026.*01/03/2027"),
        ("10/11", date(2026, 11, 20), True, "“10/11”.*10/11/2026.*20/11/2026.*10/11/2027"),
        ("5", date(2026, 11, 10), True, "“5”.*05/11/2026.*10/11/2026.*05/12/2026"),
        ("10/11", date(2026, 11, 20), False, "10/11/2027"), ("12 tháng 11", date(2026, 11, 20), True, "12/11/2027"),
    ],
)  # fmt: skip
def test_what_may_be_two_days_is_refused_with_both(typed: str, after: date | None, ahead: bool, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_date(typed, TODAY, after, ahead=ahead)


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.booleans())
def test_the_day_that_is_shown_is_typed_again_as_it_was(day: date, today: date, ahead: bool) -> None:
    assert parse_date(format_date_long(day), today, today, ahead=ahead) == day
    with pytest.raises(ValueError, match=r"“.*con”"):
        parse_date(f"{format_date(day)} con", today, ahead=ahead)


PIECES = (
    "3", "12", "99", "ba", "ngày", "tuần", "tháng", "năm", "+", "-", "/", "thứ", "sáu", "cn", "đầu", "cuối", "trước",
    "sau", "nữa", "trong", "hai", "mươi", "mai", "mùng", "quý",
)  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES), max_size=6)


@given(WORDS, st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.dates(date(1950, 1, 1), date(2090, 12, 31)))
def test_any_words_are_a_day_or_refused(words: list[str], today: date, after: date) -> None:
    for typed in (" ".join(words), "".join(words)):
        with suppress(ValueError):
            assert parse_date(typed, today, after, ahead=True).year >= 1900


@pytest.mark.parametrize("typed", ["Ngày Kỵ", "Cuối tháng Ba Mươi", "Bao lâu nữa"])
def test_a_refused_text_is_quoted_as_it_was_typed(typed: str) -> None:
    with pytest.raises(ValueError, match=f"“{typed}”"):
        parse_date(f"  {typed} ", TODAY)
