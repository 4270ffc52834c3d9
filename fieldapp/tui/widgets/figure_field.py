"""The field for a figure of an activity: a number, an approximate one, mere words, or one for each part of the time."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.dates import format_date, parse_date
from fieldapp.domain.text import clean
from fieldapp.i18n import _
from fieldapp.store.words import amount_text
from fieldapp.tui.widgets.editor import Context
from fieldapp.tui.widgets.entry import Entry, Reading

APPROXIMATE = re.compile(r"^\s*(~|khoảng|about)\s*", re.IGNORECASE)

AT, BETWEEN = "@", ";"
"""``120 @30/11; 80 @1/12``: 120 up to 30 November, 80 more up to 1 December"""

Figure = dict[str, Any]
"""``measure_id``, ``amount``, ``approximate``, ``note``, ``measured_on``: a row as ``records.save`` takes it"""


class FigureField(Entry):
    """The value of one measure: ``185``, ``70tr``, ``~20``, ``khoảng 20``, words such as ``hàng chục``, or parts."""

    WIDTH = 18
    OVERWRITES = True

    def __init__(self, measure: Mapping[str, Any], notes: Mapping[str | None, str]) -> None:
        """``notes``: day of a part -> a remark beside its number, which cannot be shown but must not be lost."""
        super().__init__()
        self.measure = measure
        self._notes = notes

    @property
    def data(self) -> list[Figure] | None:
        """The rows; an amount stays text while it is not understood."""
        if not clean(self.value):
            return None
        try:
            figures = read_figures(self.value, self.measure, _last_day(self.around))
        except ValueError:
            words = APPROXIMATE.sub("", clean(self.value))
            figures = [{"amount": words, "approximate": False, "note": None, "measured_on": None}]
        for figure in figures:
            if figure["amount"] is not None:
                figure["note"] = self._notes.get(figure["measured_on"])
        return [{"measure_id": self.measure["id"], **figure} for figure in figures]

    def reading(self) -> Reading:
        if not clean(self.value):
            return Reading(" · ".join(filter(None, (self.measure["unit_name"], self._hint_of_parts()))))
        try:
            figures = read_figures(self.value, self.measure, _last_day(self.around))
        except ValueError as error:
            return Reading(str(error), understood=False)
        (figure, *more) = figures
        if more or figure["measured_on"]:
            parts = (f"{_day(f)}: {amount_text(f, self.measure)}" for f in figures)
            return Reading(f"→ {f'{BETWEEN} '.join(parts)}")
        if figure["amount"] is None and figure["approximate"]:
            return Reading(_("no number; will read “{words}”").format(words=figure["note"]))
        if figure["amount"] is None:
            return Reading()
        return Reading(f"→ {amount_text(figure, self.measure)}")

    def _hint_of_parts(self) -> str:
        """How to say when each part was done; only where the activity lasts several days."""
        first, last = self.around.on, _last_day(self.around)
        if not self.has_focus or first is None or first >= last:
            return ""
        return _("in parts: {example}").format(
            example=f"120 {AT}{first.day}/{first.month}{BETWEEN} 80 {AT}{last.day}/{last.month}"
        )


def _last_day(context: Context) -> date:
    """The day before which a day without a year is looked for: the activity's last."""
    try:
        return date.fromisoformat(str(context.values.get("date_to")))
    except ValueError:
        return context.on or date.today()


def _day(figure: Figure) -> str:
    return format_date(date.fromisoformat(figure["measured_on"]))


def read_figures(text: str, measure: Mapping[str, Any], last: date) -> list[Figure]:
    """The figures that were typed, without ``measure_id``: one, or one for each part; ValueError with a sentence.

    ``last``: a day without a year is the newest such until then.
    """
    words = clean(text)
    if measure["nature"] == "text" and AT in words:
        try:
            return _parts(words, measure, last)
        except ValueError:
            return [_figure(words, measure)]
    counted = BETWEEN in words and measure["nature"] != "text" and any(c.isdigit() for c in words)
    return _parts(words, measure, last) if AT in words or counted else [_figure(words, measure)]


def _parts(words: str, measure: Mapping[str, Any], last: date) -> list[Figure]:
    figures = []
    for part in filter(None, map(clean, words.split(BETWEEN))):
        amount, at, day = map(clean, part.rpartition(AT))
        if not at or not amount:
            raise ValueError(_("Give each part its day: 120 @30/11; 80 @1/12."))
        figures.append(_figure(amount, measure) | {"measured_on": parse_date(day, last).isoformat()})
    return figures


def _figure(words: str, measure: Mapping[str, Any]) -> Figure:
    if measure["nature"] == "text":
        return {"amount": None, "approximate": False, "note": words, "measured_on": None}
    if not any(character.isdigit() for character in words):
        return {"amount": None, "approximate": True, "note": words, "measured_on": None}
    number = APPROXIMATE.sub("", words)
    amount = parse_amount(number, measure["decimals"])
    return {"amount": amount, "approximate": number != words, "note": None, "measured_on": None}


def figures_typed(figures: Sequence[Mapping[str, Any]], measure: Mapping[str, Any]) -> str:
    """Stored figures of one measure as a person would have typed them."""
    return f"{BETWEEN} ".join(_typed(figure, measure) for figure in figures)


def _typed(figure: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    words = str(figure.get("note") or "")
    if figure.get("amount") is not None:
        sign = "~" if figure.get("approximate") else ""
        words = sign + format_amount(figure["amount"], measure["decimals"])
    day = figure.get("measured_on")
    return f"{words} {AT}{format_date(date.fromisoformat(str(day)))}" if day else words
