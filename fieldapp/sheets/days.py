"""Days in sheets. Nobody sees at once how a day is understood, so a day without a year leads to a question."""

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
"""Characters; a longer text is not a day"""


@dataclass(frozen=True)
class SheetDay:
    """A day as it was understood."""

    day: date
    question: str | None = None
    """what to ask if the year was not written"""


def read_day(text: str, today: date, year: int | None) -> SheetDay:
    """The day in a cell; ValueError with a sentence if there is none. ``year``: for days written without one."""
    written = clean(text)[: LONGEST + 1]
    written = _LEADING.sub("", _TIME.sub("", written))
    if found := _WORDS.match(written):
        written = "/".join(part for part in found.groups() if part)
    short = _DAY_AND_MONTH.match(written)
    if short and year is not None:
        return SheetDay(parse_date(f"{short[1]}/{short[2]}/{year}", today))
    day = parse_date(written, today)
    if re.search(r"\d{4}|\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2}|^\d{6}$", written):
        return SheetDay(day)
    question = _("“{text}” has no year: read as {day}. Give the year by --year, or confirm.")
    return SheetDay(day, question.format(text=clean(text), day=format_date(day)))


def split_range(text: str) -> tuple[str, str] | None:
    """First and last day of a period, as text: “5-7/11/2013”, “từ 5/11 đến 7/11/2013”; None if it is none."""
    written = clean(text)
    if len(written) > LONGEST:
        return None
    found = _SHORT_RANGE.match(written) or _RANGE.match(written)
    if found is None:
        return None
    first, last = found[1].strip(), found[2].strip()
    parts = re.split(r"[/.]", last)
    given = re.split(r"[/.]", first)
    if len(parts) == 3 and len(given) < 3 and all(part.isdigit() for part in given):
        first = "/".join([*given, *parts[len(given) :]])
    return first, last
