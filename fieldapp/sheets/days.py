"""Days in sheets. Nobody sees at once how a day is understood, so a day without a year leads to a question."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from fieldapp.domain.dates import format_date, parse_date
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetCell
from fieldapp.vietnamese.text import tidy

_RANGE = re.compile(r"^(?:từ\s+)?(.+?)\s*(?:\bđến\b|\btới\b|[–—]|->|→|\s-\s)\s*(.+)$", re.IGNORECASE)
_SHORT_RANGE = re.compile(r"^(\d{1,2}(?:[/.]\d{1,2})?)\s*-\s*(\d{1,2}[/.]\d{1,2}[/.]\d{2,4})$")
_LEADING = re.compile(r"^(?:ngày|thứ\s+\w+,?|chủ nhật,?)\s+", re.IGNORECASE)
_WORDS = re.compile(r"^(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s+năm\s+(\d{4}))?$", re.IGNORECASE)
_TIME = re.compile(r"[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*(?:[AP]M|SA|CH)|Z|[+-]\d\d:\d\d)?$", re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d\d)", re.ASCII)
_ISO = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(\d\d)", re.ASCII)
"""A day in eight digits, the year first, as data are exported; no day that is written with the day first looks so"""
SLIPS = 10
"""Among so many texts with the day first, one with the month first is a slip"""
_FOUR_DIGITS = re.compile(r"(\d\d)(\d\d)", re.ASCII)
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
    written = tidy(text)[: LONGEST + 1]
    written = _LEADING.sub("", without_time(written))
    if found := _WORDS.match(written):
        written = "/".join(part for part in found.groups() if part)
    elif found := _ISO.fullmatch(written):
        written = "-".join(found.groups())
    elif found := _FOUR_DIGITS.fullmatch(written):
        parse_date(written, today)  # refuses what may be a year
        written = "/".join(found.groups())
    short = _DAY_AND_MONTH.match(written)
    if short and year is not None:
        return SheetDay(parse_date(f"{short[1]}/{short[2]}/{year}", today))
    day = parse_date(written, today)
    if re.search(r"\d{4}|\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2}|^\d{6}$", written):
        return SheetDay(day)
    question = _("“{text}” has no year: read as {day}. Give the year by --year, or confirm.")
    return SheetDay(day, question.format(text=tidy(text), day=format_date(day)))


def without_time(text: str) -> str:
    """A day as text, without the time of day that follows it."""
    return _TIME.sub("", tidy(text)) if len(text) <= LONGEST else text


def split_range(text: str) -> tuple[str, str] | None:
    """First and last day of a period, as text: “5-7/11/2013”, “từ 5/11 đến 7/11/2013”; None if it is none."""
    written = tidy(text)
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


@dataclass
class WrittenDays:
    """The days of one column, sorted by what a spreadsheet in English would have made of them.

    Such a program takes 3/2/2026 for 2 March, and leaves 13/2/2026 as text.
    """

    days: list[date] = field(default_factory=list)
    """days of the spreadsheet"""
    day_first: list[str] = field(default_factory=list)
    """texts whose first number cannot be a month"""
    month_first: list[str] = field(default_factory=list)
    """texts whose second number cannot be a month"""
    either: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, cells: Sequence[SheetCell]) -> "WrittenDays":
        """The days among the cells of a column."""
        written = cls()
        for cell in cells:
            if isinstance(cell, date):
                written.days.append(cell)
            elif isinstance(cell, str) and not written._sort(cell):
                for text in split_range(cell) or ():
                    written._sort(text)
        return written

    def _sort(self, text: str) -> bool:
        found = _NUMERIC.fullmatch(without_time(text))
        if found is not None:
            first, second = int(found[1]), int(found[3])
            (self.day_first if first > 12 else self.month_first if second > 12 else self.either).append(text)
        return found is not None

    def left_over(self, others: Sequence["WrittenDays"]) -> bool:
        """Whether the texts of other columns of the sheet are what such a program left of days like these."""
        beside = [text for other in others for text in other.day_first]
        spared = any(day.day > 12 for written in (self, *others) for day in written.days)
        typed = any(other.month_first or other.either for other in others)
        either = any(day.day <= 12 and day.day != day.month for day in self.days)
        return either and bool(beside) and not (spared or typed)

    def years(self) -> Counter[int]:
        """How many days lie in each year, of those whose year is written in full."""
        texts = (*self.day_first, *self.month_first, *self.either)
        found = (re.search(r"\d{4}$", without_time(text), re.ASCII) for text in texts)
        written = (int(year[0]) for year in found if year)
        return Counter([*(day.year for day in self.days), *written])

    def swapped_days(self, today: date) -> bool:
        """Whether the days of the spreadsheet may have month and day changed over.

        A day after the 12th cannot, and speaks against it unless most of the others may. Texts beside such days are
        what was left; without texts, days to come are a sign.
        """
        late = sum(day.day > 12 for day in self.days)
        either = sum(day.day <= 12 and day.day != day.month for day in self.days)
        if not either:
            return False
        if late:
            return either > late and len(self.day_first) > 1 and not (self.month_first or self.either)
        if self.day_first or self.month_first or self.either:
            return True
        return any(day > today for day in self.days) and all(change_over(day) <= today for day in self.days)

    def month_written_first(self) -> bool:
        """Whether texts are written as in English, the month first: then those that may be read either way may be, too.

        A single one between others, or among many with the day first, is a slip.
        """
        if not self.month_first or len(self.day_first) >= SLIPS * len(self.month_first):
            return False
        return bool(self.either) or (not self.days and not self.day_first and len(self.month_first) > 1)


def change_over(day: date) -> date:
    """A day with its month and its day of the month changed over; as it is if it cannot be."""
    return day.replace(month=day.day, day=day.month) if day.day <= 12 else day


def month_first(text: str, *, always: bool) -> str:
    """A text that is written month first as it is written here; otherwise as it is.

    ``always``: also if both numbers may be months.
    """
    if parts := split_range(text):
        return " – ".join(month_first(part, always=always) for part in parts)
    found = _NUMERIC.fullmatch(without_time(text))
    if found and int(found[1]) <= 12 and (always or int(found[3]) > 12):
        return f"{found[3]}/{found[1]}/{found[4]}"
    return text
