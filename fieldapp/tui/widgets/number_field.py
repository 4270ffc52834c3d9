"""Fields for numbers: a whole number, one whose decimals another field sets, a year, a number with limits."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.dates import year_meant
from fieldapp.domain.model import FieldShape
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.soft_limits import hard_limit_text, limits_text
from fieldapp.records.words import amount_text
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.vietnamese.text import tidy

Scale = Mapping[str, Any]
"""``decimals`` and ``unit_name`` of a number (None: not known), and the ``name`` of its measure if it has one"""

UNKNOWN: Scale = {"decimals": 0, "unit_name": None}


def scale_of(store: Store, shape: FieldShape) -> Callable[[FormContext], Scale]:
    """The scale of a number; that of a scaled one is in a field of the form, with a measure or a number of decimals."""
    field = shape.scaled_by
    if field is None:
        return lambda context: {"decimals": 0, "unit_name": shape.unit}

    def scale(context: FormContext) -> Scale:
        held = str(context.values.get(field) or "")
        if held.isdecimal():
            return {"decimals": int(held), "unit_name": None}
        try:
            return records.get(store, held).row if held else UNKNOWN
        except FieldappError:
            return UNKNOWN

    return scale


class NumberField(Entry):
    """A number. A stored one is shown right once the form says how many of its digits are decimals."""

    WIDTH = 14
    OVERWRITES = True
    VIETNAMESE = False

    def __init__(self, scale: Callable[[FormContext], Scale]) -> None:
        super().__init__()
        self._scale_in = scale
        self._scale = UNKNOWN
        self._loaded: tuple[int, str] | None = None
        """A stored number and how it was shown, until the form has given its scale"""

    def load(self, value: Any) -> None:
        self.value = "" if value is None else format_amount(int(value), self._scale["decimals"])
        self._loaded = None if value is None else (int(value), self.value)

    def follow(self, context: FormContext) -> None:
        super().follow(context)
        self._scale = self._scale_in(context)
        if self._loaded is not None and self._loaded[1] == self.value:
            self.load(self._loaded[0])
        self._loaded = None  # from now on the text stays as it is, whatever measure is chosen

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            return EntryReading(_("a number: 12, 2.100") if self.has_focus else "")
        try:
            amount = parse_amount(
                self.value, self._scale["decimals"], self._scale["unit_name"], self._scale.get("name", "")
            )
        except ValueError as error:
            return EntryReading(str(error), understood=False)
        return self._understood(amount)

    def _understood(self, amount: int) -> EntryReading:
        scale = {**self._scale, "unit_name": self._scale["unit_name"] or ""}
        words = amount_text({"amount": amount, "approximate": False}, scale).rstrip()
        return EntryReading("" if words == self.value else f"→ {words}")


class YearField(Entry):
    """A year, which has no separator for thousands; written out when the field is left."""

    WIDTH = 14
    OVERWRITES = True
    VIETNAMESE = False

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            return EntryReading(_("four digits: 1990") if self.has_focus else "")
        year = self.year
        if year is None:
            return EntryReading(_("four digits: 1990"), understood=False)
        return EntryReading(f"→ {year}" if str(year) != self.value else "")

    @property
    def year(self) -> int | None:
        """The year that was typed; None while there is none or it is not understood."""
        return year_meant(self.value, wall.today())

    @property
    def data(self) -> Any:
        return super().data if self.year is None else str(self.year)

    def compose_letters(self) -> None:
        super().compose_letters()
        if self.year is not None and self.value != (whole := str(self.year)):
            self._correct(whole, len(whole))


class LimitedField(NumberField):
    """The number of an extra field, with its unit, minimum and maximum."""

    WIDTH = 18

    def __init__(self, field: Mapping[str, Any]) -> None:
        super().__init__(lambda context: {**field, "unit_name": field["unit_name"] or ""})
        self._field = field

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            parts = [self._field["unit_name"], *limits_text(self._field)]
            return EntryReading(" · ".join(part for part in parts if part))
        return super().reading()

    def _understood(self, amount: int) -> EntryReading:
        problem = hard_limit_text(amount, self._field)
        return EntryReading(problem, understood=False) if problem else super()._understood(amount)
