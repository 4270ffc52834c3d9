"""Words for days: ``mai``, ``+3``, ``3 ngày``, ``thứ sáu tuần sau``, ``cuối tháng``. What may mean two days is refused.

Texts named ``plain`` are plain: small letters without marks, as ``plain_words`` makes them. Patterns are compiled when
they are first used.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta

from fieldapp.domain.amounts import spelled_number
from fieldapp.i18n import _

Span = tuple[date, date]

_NEAR: Mapping[str, int] = {
    "hn": 0, "hom nay": 0, "hq": -1, "hom qua": -1, "hom kia": -2,
    "mai": 1, "ngay mai": 1, "ngay kia": 2,
}  # fmt: skip
_AFTER_TOMORROW = ("mốt", "ngày mốt")
"""With marks, as without them they may be ``một``"""
_PART_OF_DAY = r"(?:sang|trua|chieu|toi) (nay|qua|mai)"
_PART_OF_DAY_SHIFT: Mapping[str, int] = {"nay": 0, "qua": -1, "mai": 1}

_WEEKDAYS: Mapping[str, int] = {
    "thu hai": 0, "thu 2": 0, "t2": 0, "thu ba": 1, "thu 3": 1, "t3": 1, "thu tu": 2, "thu 4": 2, "t4": 2,
    "thu nam": 3, "thu 5": 3, "t5": 3, "thu sau": 4, "thu 6": 4, "t6": 4, "thu bay": 5, "thu 7": 5, "t7": 5,
    "chu nhat": 6, "cn": 6,
}  # fmt: skip

_WHICH: Mapping[str, int] = {"nay": 0, "sau": 1, "toi": 1, "truoc": -1, "roi": -1, "qua": -1}
_WHICH_ONE = "|".join(_WHICH)
_WEEK = rf"tuan ({_WHICH_ONE})"
_SPAN = rf"(?:(dau|cuoi|het|giua) )?(tuan|thang|quy|nam)(?: ({_WHICH_ONE}))?"
_MONTHS: Mapping[str, int] = {"thang": 1, "quy": 3, "nam": 12}

_LENGTH = r"(?:(\+|-|trong|sau) ?)?(.+?)(?: ?(ngay|hom|tuan|thang|nam))?(?: (nua|toi|sau|truoc))?"
_MOST = 3
"""Digits of a number of days, weeks, months or years"""

_DAY_OF_MONTH = rf"(ngay |mung |mong )?([0-9]{{1,2}}) thang ({_WHICH_ONE})"


def plain_words(text: str) -> str:
    """A text in small letters without marks and with single blanks."""
    letters = unicodedata.normalize("NFD", " ".join(text.lower().replace("đ", "d").split()))
    return "".join(c for c in letters if not unicodedata.combining(c))


def weekday_before(plain: str) -> tuple[int, str] | None:
    """(the weekday that a text begins with, 0 for Monday, and the rest of the text), or None."""
    for name in sorted(_WEEKDAYS, key=len, reverse=True):
        if re.match(rf"{name}(?![a-z0-9/.\-])", plain):
            return _WEEKDAYS[name], plain[len(name) :].lstrip(", ")
    return None


def near_day(typed: str, today: date) -> date | None:
    """The day that ``hn``, ``hq``, ``hôm kia``, ``mai``, ``mốt``, ``sáng mai`` mean. ``typed``: small letters, NFC."""
    plain = plain_words(typed)
    shift = 2 if typed in _AFTER_TOMORROW else _NEAR.get(plain)
    if shift is None and (found := re.fullmatch(_PART_OF_DAY, plain)):
        shift = _PART_OF_DAY_SHIFT[found[1]]
    return None if shift is None else today + timedelta(days=shift)


def weekday_meant(weekday: int, rest: str, today: date, *, ahead: bool) -> list[date]:
    """The days that a weekday may mean, with ``tuần này``, ``tuần sau``, ``tuần trước``, ``vừa rồi`` or nothing
    behind it.

    Alone it is the last one up to today, or, ``ahead``, that one or the next. Empty: ``rest`` is something else.
    """
    monday = today - timedelta(days=today.weekday())
    if found := re.fullmatch(_WEEK, rest):
        return [monday + timedelta(days=weekday, weeks=_WHICH[found[1]])]
    if rest == "toi":
        coming = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
        return list(dict.fromkeys([coming, monday + timedelta(days=weekday + 7)]))
    if rest in ("vua roi", "vua qua"):
        return [today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)]
    if rest:
        return []
    last = today - timedelta(days=(today.weekday() - weekday) % 7)
    return [last, last + timedelta(days=7)] if ahead else [last]


def span_named(plain: str, today: date) -> tuple[Span, str] | None:
    """(first and last day of the week, month, quarter or year that is named; ``first``, ``last`` or '' for neither).

    ``cuối tuần`` and ``giữa tháng`` name no day.
    """
    found = re.fullmatch(_SPAN, plain)
    if found is None or not (found[1] or found[3]):
        return None
    part, sort, shift = found[1], found[2], _WHICH.get(found[3] or "nay", 0)
    if sort == "tuan":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=shift)
        span = monday, monday + timedelta(days=6)
        return span, "first" if part == "dau" else ""
    months = _MONTHS[sort]
    begin = (today.month - 1) // months * months
    first = add_months(date(today.year, begin + 1, 1), shift * months)
    span = first, add_months(first, months) - timedelta(days=1)
    return span, {"dau": "first", "cuoi": "last", "het": "last"}.get(part or "", "")


def day_after(plain: str, today: date, begun: date | None) -> tuple[list[date], bool] | None:
    """What a length of time means: (the days that may be meant, whether it says by itself which way it goes).

    ``3 ngày trước`` and ``3 ngày nữa`` are counted from today. ``+3``, ``3 ngày`` and ``trong 2 tuần`` may be counted
    from the day that was ``begun``, or from today. None: the text is no length.
    """
    found = re.fullmatch(_LENGTH, plain)
    if found is None or not (found[1] in ("+", "-") or found[3]):
        return None
    sign, number, sort, way = found[1], _number(found[2]), found[3] or "ngay", found[4]
    if number is None or (sign in ("+", "-") and way) or (sign and way in ("sau", "truoc")):
        return None
    if sign == "-" or way == "truoc":
        return [_moved(today, -number, sort)], True
    if way in ("nua", "toi"):
        return [_moved(today, number, sort)], True
    starts = dict.fromkeys((begun or today, today))
    return [_moved(start, number, sort) for start in starts], bool(sign or way)


def day_of_month(plain: str, today: date) -> tuple[date, date | None] | None:
    """``ngày 5 tháng trước`` as a day; and what ``5 tháng trước`` may mean instead, without the word ``ngày``."""
    found = re.fullmatch(_DAY_OF_MONTH, plain)
    if found is None:
        return None
    shift, day = _WHICH[found[3]], int(found[2])
    first = add_months(today.replace(day=1), shift)
    if not 1 <= day <= last_of_month(first).day:
        raise ValueError(_("There is no {day}.").format(day=f"{day:02d}/{first.month:02d}/{first.year}"))
    other = add_months(today, shift * day) if shift and not found[1] else None
    return first.replace(day=day), other


def _number(text: str) -> int | None:
    if re.fullmatch(rf"[0-9]{{1,{_MOST}}}", text):
        return int(text)
    words = text.split()
    value, length = spelled_number(words)
    return value if length and length == len(words) else None


def _moved(day: date, number: int, sort: str) -> date:
    try:
        if sort in ("ngay", "hom", "tuan"):
            return day + timedelta(days=number * (7 if sort == "tuan" else 1))
        return add_months(day, number * _MONTHS[sort])
    except (OverflowError, ValueError):
        raise ValueError(_("The number is too large.")) from None


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, last_of_month(first).day))


def last_of_month(day: date) -> date:
    """The last day of the month of a day."""
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)
