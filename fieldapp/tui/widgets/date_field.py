"""A field for a day: takes ``5``, ``5/11``, ``051126``, ``hn``, ``+3``, and shows at once which day that is."""

from datetime import date
from typing import Any

from fieldapp.domain.dates import format_date, format_date_long, iso_date, parse_date
from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.vietnamese.text import tidy


class DateField(Entry):
    """A day. ``data`` is the ISO date, or the typed text while it is not understood: saving then says why.

    A short form keeps the meaning that it had on the day when it was typed: drafts and pins store the whole date, and
    leaving the field writes it out.
    """

    WIDTH = 14
    EXPLAINS_BESIDE_HINT = False  # an example is beside the first day already, and two lines push the form down
    OVERWRITES = True
    VIETNAMESE = False

    def __init__(self, after: str | None = None, *, ahead: bool = False) -> None:
        """``after``: name of the field with the day that this day must not be before.

        ``ahead``: the day often lies in the future, as in ``parse_date``.
        """
        super().__init__()
        self._after, self._ahead = after, ahead
        self._read_as = "", wall.today()
        """A text, and the day on which it was typed"""

    @property
    def _typed_on(self) -> date:
        if self._read_as[0] != self.value:
            self._read_as = self.value, wall.today()
        return self._read_as[1]

    @property
    def day(self) -> date | None:
        """The day that was typed; None while there is none or it is not understood."""
        try:
            return self._parse() if tidy(self.value) else None
        except ValueError:
            return None

    def _parse(self) -> date:
        begun = self.around.values.get(self._after) if self._after else None
        return parse_date(self.value, self._typed_on, iso_date(begun), ahead=self._ahead)

    @property
    def data(self) -> Any:
        day = self.day
        return day.isoformat() if day else tidy(self.value) or None

    @property
    def typed(self) -> Any:
        day = self.day
        return format_date(day) if day else self.value

    def compose_letters(self) -> None:
        super().compose_letters()
        day = self.day
        if day and self.value != (whole := format_date(day)):
            self._correct(whole, len(whole))

    def load(self, value: Any) -> None:
        self.value = format_date(date.fromisoformat(str(value))) if value else ""

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            hint = _("5, 5/11, 051126, hn today, hq yesterday")
            if self._ahead:
                hint = _("5/11, 051126, hn today, mai, +3, 3 ngày, thứ sáu tuần sau")
            return EntryReading(hint if self.has_focus else "")
        try:
            day = self._parse()
        except ValueError as error:
            return EntryReading(str(error), understood=False)
        return EntryReading(f"→ {format_date_long(day)}")
