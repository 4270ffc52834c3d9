"""Dates as people type and read them."""

import re
from datetime import date, datetime

from fieldapp.domain import day_words
from fieldapp.i18n import _
from fieldapp.vietnamese.text import tidy

FIRST_YEAR = 1900
YEARS_AHEAD = 20
"""A year of two digits is at most this far in the future; otherwise it is in the last century: ``98`` is 1998"""


LONGEST = 80
"""Characters; a longer text is not a day"""

FAR = 183
"""Days: a day without its year that is further back may as well be meant in the year to come"""
MUCH_NEARER = 4
"""So many times nearer than the last such day, the coming one is meant: 1/12 on 30 November"""


def parse_date(text: str, today: date, after: date | None = None, *, ahead: bool = False) -> date:
    """The date that ``text`` means on the day ``today``; ValueError says what is expected.

    ``5`` is the last 5th of a month up to today, ``5/11``, ``0511`` and ``5 tháng 11`` the last 5 November; ``2011``
    may be a year, and is refused.
    ``5/11/26``, ``051126`` and ``05112026`` have a year; ``2026-11-05`` and ``20261105`` are ISO. ``hn``, ``hq``,
    ``mai``, ``+3``, ``3 ngày``, ``cuối tháng``, ``thứ sáu tuần sau`` are read too (``day_words``); so is what
    ``format_date_long`` writes, if the weekday is right.
    ``after``: for the end of a period, the day on which it begins. If the last such day is before ``after``, the first
    one from ``after`` on is meant where that is nearer; otherwise the text is refused with both. ``ahead``: the day
    often lies in the future: what has no year is the coming day where that is much nearer, and is refused with both
    days where either may be meant.
    """
    said = " ".join(tidy(text).split())
    typed = said.lower()
    if len(typed) > LONGEST:
        raise ValueError(_not_understood(said))
    if len(typed) == len("2026-11-05") and typed[4] == typed[7] == "-" and typed.isascii():  # as programs write it
        parts = typed.split("-")
        if len(parts) == 3 and all(map(str.isdecimal, parts)):
            return _date(*map(int, parts))
    plain = day_words.plain_words(typed)
    if day := day_words.near_day(typed, today):
        return day
    if found := weekday_named(typed):
        weekday, rest = found
        if days := day_words.weekday_meant(weekday, day_words.plain_words(rest), today, ahead=ahead):
            return _one_of(said, days)
        day = parse_date(rest, today, after, ahead=ahead)
        if day.weekday() != weekday:
            raise ValueError(_("{day} is not the weekday that is typed.").format(day=format_date_long(day)))
        return day
    if (named := day_words.day_of_month(plain, today)) is not None:
        return _one_of(said, list(filter(None, named)))
    if (length := day_words.day_after(plain, today, after)) is not None:
        days, turned = length
        if not turned and not ahead:
            raise ValueError(_("“{typed}” is a length of time, no day.").format(typed=said) + f" {_expected()}")
        return _from_first_year(_one_of(said, days))
    if spanned := day_words.span_named(plain, today):
        (first, last), which = spanned
        if not which:
            sentence = _("“{typed}” is no single day: it is {first} to {last}. Type the day.")
            raise ValueError(sentence.format(typed=said, first=format_date(first), last=format_date(last)))
        return first if which == "first" else last
    if end := re.fullmatch(r"(?:cuoi|het) thang (\d{1,2})(?:(?:[/.\- ]| nam )(\d\d(?:\d\d)?))?", plain, re.ASCII):
        return _end_of_month(said, int(end[1]), end[2], today, after, ahead)
    return _numbered(said, _in_numbers(plain), today, after, ahead)


def year_meant(text: str, today: date) -> int | None:
    """The year that is typed as ``1990``, ``90``, ``sinh năm 1990`` or with its day; None for another text.

    Of two digits at most the next one: people are born, and what is planned begins, no later.
    """
    plain = day_words.plain_words(tidy(text)[:LONGEST])
    if found := re.fullmatch(r"(?:sinh )?(?:nam )?(\d\d(?:\d\d)?)", plain, re.ASCII):
        year = _year(found[1], today)
        return year - 100 if len(found[1]) == 2 and year > today.year + 1 else year
    whole = re.fullmatch(r"\d{1,2}[/.\-]\d{1,2}[/.\-](\d{4})", plain, re.ASCII)
    return int(whole[1]) if whole else None


def weekday_named(typed: str) -> tuple[int, str] | None:
    """The weekday that a text begins with, 0 for Monday, and the rest of the text; None if it begins otherwise."""
    for number, name in enumerate(_weekdays()):
        if typed.startswith(f"{name.lower()},"):
            return number, typed[len(name) + 1 :].strip()
    found = day_words.weekday_before(day_words.plain_words(typed))
    if found is None or not found[1]:
        return found
    words = typed.replace(",", ", ").split()
    return found[0], " ".join(words[-len(found[1].replace(",", ", ").split()) :])  # with its marks


def _in_numbers(plain: str) -> str:
    """``ngày 12 tháng 11 năm 2026`` as ``12/11/2026``; other texts without the word before them."""
    bare = re.sub(r"^(?:ngay|mung|mong) ", "", plain)
    found = re.fullmatch(r"(\d{1,2}) thang (\d{1,2})(?:(?:[,/ ]*nam|/)? ?(\d\d(?:\d\d)?))?", bare, re.ASCII)
    return "/".join(filter(None, found.groups())) if found else bare


def _numbered(typed: str, bare: str, today: date, after: date | None, ahead: bool) -> date:
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", bare, re.ASCII):
        year, month, day = map(int, found.groups())
        return _date(year, month, day)
    if found := re.fullmatch(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(\d\d)", bare, re.ASCII):  # as programs write it
        return _date(*map(int, found.groups()))  # the other way round its year would be before 1300
    if found := re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\d\d)?)", bare, re.ASCII):
        return _date(_year(found[3], today), int(found[2]), int(found[1]))
    if found := re.fullmatch(r"(\d{1,2}) ?[/.\- ] ?(\d{1,2}) ?[/.\- ] ?(\d\d(?:\d\d)?)", bare, re.ASCII):
        return _date(_year(found[3], today), int(found[2]), int(found[1]))
    if found := re.fullmatch(r"(\d{1,2}) ?[/.\- ] ?(\d{1,2})", bare, re.ASCII):
        day, month = int(found[1]), int(found[2])
        for year in range(today.year, today.year - 9, -1):
            if _is_date(year, month, day) and date(year, month, day) <= today:
                return _without_year(typed, date(year, month, day), today, after, ahead, month)
        raise _no_day(f"{day:02d}/{month:02d}")
    if found := re.fullmatch(r"(\d\d)(\d\d)", bare, re.ASCII):
        named = f"{found[1]}/{found[2]}"
        meant = _numbered(typed, named, today, after, ahead)
        if found[1] == "20":  # 2011: records are as old
            raise ValueError(_("“{typed}” may be a year. For the day type {day}.").format(typed=typed, day=named))
        return meant
    if re.fullmatch(r"\d{1,2}", bare, re.ASCII):
        year, month = today.year, today.month
        for _back in range(12):
            if _is_date(year, month, int(bare)) and date(year, month, int(bare)) <= today:
                return _without_year(typed, date(year, month, int(bare)), today, after, ahead, None)
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    raise ValueError(_not_understood(typed) if typed else _expected())


def _without_year(typed: str, newest: date, today: date, after: date | None, ahead: bool, month: int | None) -> date:
    """The day that is meant, of all with this day (and ``month``, if given); ``newest`` is the last up to today."""
    if after is None and ahead and (today - newest).days > FAR:
        coming = _first_from(today, newest.day, month)
        if (coming - today) * MUCH_NEARER < today - newest:
            return coming
        raise _either(typed, [newest, coming])
    if after is None or after <= newest:
        return newest
    later = _first_from(after, newest.day, month)
    if later - after < after - newest:
        return later
    sentence = _("“{typed}”: {day} is before the beginning, {begun}. If {later} is meant, type it in full.")
    raise ValueError(
        sentence.format(typed=typed, day=format_date(newest), begun=format_date(after), later=format_date(later))
    )


def _end_of_month(typed: str, month: int, year: str | None, today: date, after: date | None, ahead: bool) -> date:
    if not 1 <= month <= 12:
        raise _no_day(f"31/{month:02d}")
    if year is None:
        last = day_words.last_of_month(date(1, month, 1)).day  # in a year without 29/2, which not every year has
        return day_words.last_of_month(_numbered(typed, f"{last}/{month}", today, after, ahead))
    return day_words.last_of_month(_date(_year(year, today), month, 1))


def _one_of(typed: str, days: list[date]) -> date:
    if len(days) > 1:
        raise _either(typed, days)
    return days[0]


def _either(typed: str, days: list[date]) -> ValueError:
    sentence = _("“{typed}” may be {one} or {other}. Type it in full.")
    return ValueError(sentence.format(typed=typed, one=format_date_long(days[0]), other=format_date_long(days[1])))


def _from_first_year(day: date) -> date:
    return _date(day.year, day.month, day.day)


def _first_from(after: date, day: int, month: int | None = None) -> date:
    """The first date with this day (and this month, if given) that is not before ``after``."""
    months = ((after.year + (after.month - 1 + n) // 12, (after.month - 1 + n) % 12 + 1) for n in range(12 * 9))
    return next(
        date(y, m, day) for y, m in months if month in (None, m) and _is_date(y, m, day) and date(y, m, day) >= after
    )


def iso_date(value: object) -> date | None:
    """A date, or a text with an ISO date, as a date; None for everything else."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def read_instant(text: str | None) -> datetime | None:
    """An instant (ISO) in this laptop's time; None for every text that is none, and for None.

    Each instant that is shown or compared is read here. It may come from another laptop, and a text of its form may
    still be no day of the calendar, or one that this machine cannot show.
    """
    try:
        return datetime.fromisoformat(text or "").astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def format_date(day: date) -> str:
    """A date as text: ``05/11/2026``."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def format_date_long(day: date) -> str:
    """A date with its weekday: ``thứ năm, 05/11/2026``."""
    return f"{_weekdays()[day.weekday()]}, {format_date(day)}"


def _weekdays() -> tuple[str, ...]:
    return (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip


def _expected() -> str:
    return _("A day is written as 5, 5/11, 5/11/2026, 051126, hn (today) or hq (yesterday).")


def _not_understood(typed: str) -> str:
    return f"{_('“{word}” is not understood.').format(word=typed[:LONGEST])} {_expected()}"


def _no_day(named: str) -> ValueError:
    return ValueError(f"{_('There is no {day}.').format(day=named)} {_expected()}")


def _year(text: str, today: date) -> int:
    if len(text) == 4:
        return int(text)
    year = 2000 + int(text)
    return year if year <= today.year + YEARS_AHEAD else year - 100


def _date(year: int, month: int, day: int) -> date:
    if year < FIRST_YEAR:
        raise ValueError(_("Days are taken from 01/01/{year} on.").format(year=FIRST_YEAR))
    if not _is_date(year, month, day):
        raise _no_day(f"{day:02d}/{month:02d}/{year}")
    return date(year, month, day)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).year >= FIRST_YEAR
    except ValueError:
        return False
