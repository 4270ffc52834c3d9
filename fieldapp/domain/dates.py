"""Dates as people type and read them."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from fieldapp.i18n import _

FIRST_YEAR = 1900
YEARS_AHEAD = 20
"""A year of two digits is at most this far in the future; otherwise it is in the last century: ``98`` is 1998"""


def parse_date(text: str, today: date, after: date | None = None) -> date:
    """The date that ``text`` means on the day ``today``; ValueError says what is expected.

    ``5`` is the last 5th of a month up to today, ``5/11`` the last 5 November. ``5/11/26``, ``051126`` and ``05112026``
    have a year; ``2026-11-05`` is ISO; ``hn`` is today and ``hq`` is yesterday. ``after``: for the end of a period, the
    day on which it begins. If the last such day is before ``after``, the first one from ``after`` on is meant.
    """
    typed = unicodedata.normalize("NFC", text).strip().lower()
    if typed in ("hn", "hôm nay"):
        return today
    if typed in ("hq", "hôm qua"):
        return today - timedelta(days=1)
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", typed, re.ASCII):
        year, month, day = map(int, found.groups())
        return _date(year, month, day)
    if found := re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\d\d)?)", typed, re.ASCII):
        return _date(_year(found[3], today), int(found[2]), int(found[1]))
    if found := re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d\d(?:\d\d)?)", typed, re.ASCII):
        return _date(_year(found[3], today), int(found[2]), int(found[1]))
    if found := re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})", typed, re.ASCII):
        day, month = int(found[1]), int(found[2])
        for year in range(today.year, today.year - 9, -1):
            if _is_date(year, month, day) and date(year, month, day) <= today:
                newest = date(year, month, day)
                return newest if after is None or after <= newest else _first_from(after, day, month)
        raise _no_day(f"{day:02d}/{month:02d}")
    if re.fullmatch(r"\d{1,2}", typed, re.ASCII):
        year, month = today.year, today.month
        for _back in range(12):
            if _is_date(year, month, int(typed)) and date(year, month, int(typed)) <= today:
                newest = date(year, month, int(typed))
                return newest if after is None or after <= newest else _first_from(after, int(typed))
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    raise ValueError(_expected())


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
    weekdays = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip
    return f"{weekdays[day.weekday()]}, {format_date(day)}"


def _expected() -> str:
    return _("A day is written as 5, 5/11, 5/11/2026, 051126, hn (today) or hq (yesterday).")


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
