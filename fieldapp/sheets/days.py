"""Days in sheets: nobody sees beside them how they are understood, so one without its year is asked about."""

import re
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.dates import format_date, parse_date
from fieldapp.i18n import _
from fieldapp.vietnamese.text import clean

_RANGE = re.compile(r"^(?:từ\s+)?(.+?)\s*(?:\bđến\b|\btới\b|[–—]|->|→|\s-\s)\s*(.+)$", re.IGNORECASE)
_SHORT_RANGE = re.compile(r"^(\d{1,2}(?:[/.]\d{1,2})?)\s*-\s*(\d{1,2}[/.]\d{1,2}[/.]\d{2,4})$")
_LEADING = re.compile(r"^(?:ngày|thứ\s+\w+,?|chủ nhật,?)\s+", re.IGNORECASE)
_WORDS = re.compile(r"^(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s+năm\s+(\d{4}))?$", re.IGNORECASE)
_TIME = re.compile(r"[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_DAY_AND_MONTH = re.compile(r"^(\d{1,2})[/.\- ](\d{1,2})$")


LONGEST = 80
"""A longer text is no day"""


@dataclass(frozen=True)
class SheetDay:
    """A day as it was understood."""

    day: date
    question: str | None = None
    """what to ask where the year was not written"""


def read_day(text: str, today: date, year: int | None) -> SheetDay:
    """The day that a cell says; ValueError with a sentence. ``year``: that of days which do not say it."""
    said = clean(text)[: LONGEST + 1]
    said = _LEADING.sub("", _TIME.sub("", said))
    if found := _WORDS.match(said):
        said = "/".join(part for part in found.groups() if part)
    short = _DAY_AND_MONTH.match(said)
    if short and year is not None:
        return SheetDay(parse_date(f"{short[1]}/{short[2]}/{year}", today))
    day = parse_date(said, today)
    if re.search(r"\d{4}|\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2}|^\d{6}$", said):
        return SheetDay(day)
    question = _("“{text}” says no year: read as {day}. Give the year by --year, or confirm.")
    return SheetDay(day, question.format(text=clean(text), day=format_date(day)))


def split_range(text: str) -> tuple[str, str] | None:
    """First and last day of a period, as text: “5-7/11/2013”, “từ 5/11 đến 7/11/2013”; None if it is none."""
    said = clean(text)
    if len(said) > LONGEST:
        return None
    found = _SHORT_RANGE.match(said) or _RANGE.match(said)
    if found is None:
        return None
    first, last = found[1].strip(), found[2].strip()
    parts = re.split(r"[/.]", last)
    given = re.split(r"[/.]", first)
    if len(parts) == 3 and len(given) < 3 and all(part.isdigit() for part in given):
        first = "/".join([*given, *parts[len(given) :]])
    return first, last
