"""The field for a figure of an activity: a number, an approximate one, only words, or one for each part of the time."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fieldapp.domain.dates import format_date, iso_date
from fieldapp.i18n import _
from fieldapp.records.typed_figures import APPROXIMATE, AT, BETWEEN, FigureData, read_figures
from fieldapp.records.words import amount_text
from fieldapp.store import wall
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.vietnamese.text import tidy


class FigureField(Entry):
    """The value of one measure: ``185``, ``70tr``, ``~20``, ``khoảng 20``, words such as ``hàng chục``, or parts."""

    WIDTH = 18
    OVERWRITES = True

    def __init__(self, measure: Mapping[str, Any], notes: Mapping[str | None, str]) -> None:
        """``notes``: day of a part -> the remark on its number. It cannot be shown here, but must not be lost."""
        super().__init__()
        self.measure = measure
        self._notes = notes

    @property
    def data(self) -> list[FigureData] | None:
        """The rows of the figure; a text that is not understood stays as the amount."""
        if not tidy(self.value):
            return None
        try:
            figures = read_figures(self.value, self.measure, _last_day(self.around))
        except ValueError:
            words = APPROXIMATE.sub("", tidy(self.value))
            figures = [{"amount": words, "approximate": False, "note": None, "measured_on": None}]
        for figure in figures:
            if figure["amount"] is not None:
                figure["note"] = self._notes.get(figure["measured_on"])
        return [{"measure_id": self.measure["id"], **figure} for figure in figures]

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            return EntryReading(" · ".join(filter(None, (self.measure["unit_name"], self._hint_of_parts()))))
        try:
            figures = read_figures(self.value, self.measure, _last_day(self.around))
        except ValueError as error:
            return EntryReading(str(error), understood=False)
        (figure, *more) = figures
        if more or figure["measured_on"]:
            parts = (f"{_day(f)}: {amount_text(f, self.measure)}" for f in figures)
            return EntryReading(f"→ {f'{BETWEEN} '.join(parts)}")
        if figure["amount"] is None and figure["approximate"]:
            return EntryReading(_("no number; will read “{words}”").format(words=figure["note"]))
        if figure["amount"] is None:
            return EntryReading()
        return EntryReading(f"→ {amount_text(figure, self.measure)}")

    def _hint_of_parts(self) -> str:
        """An example of how to give each part its day; only if the activity lasts several days."""
        first, last = self.around.on, _last_day(self.around)
        if not self.has_focus or first is None or first >= last:
            return ""
        return _("in parts: {example}").format(
            example=f"120 {AT}{first.day}/{first.month}{BETWEEN} 80 {AT}{last.day}/{last.month}"
        )


def _last_day(context: FormContext) -> date:
    """The activity's last day: a day without a year is the newest one up to it."""
    return iso_date(context.values.get("date_to")) or context.on or wall.today()


def _day(figure: FigureData) -> str:
    return format_date(date.fromisoformat(figure["measured_on"]))
