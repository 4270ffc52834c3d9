"""Fields for numbers: a plain whole number, and a figure of an activity, which may be approximate or mere words."""

import re
from collections.abc import Mapping
from typing import Any

from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.text import clean
from fieldapp.i18n import _
from fieldapp.store.reading import decimals_of
from fieldapp.store.store import Store
from fieldapp.store.words import amount_text
from fieldapp.tui.widgets.editor import Context
from fieldapp.tui.widgets.entry import Entry, Reading

APPROXIMATE = re.compile(r"^\s*(~|khoảng|about)\s*", re.IGNORECASE)


class IntegerField(Entry):
    """A whole number."""

    WIDTH = 14
    OVERWRITES = True

    def load(self, value: Any) -> None:
        self.value = "" if value is None else format_amount(int(value))

    def reading(self) -> Reading:
        if not clean(self.value):
            return Reading(_("a number: 12, 2.100") if self.has_focus else "")
        try:
            return Reading(f"→ {format_amount(parse_amount(self.value))}")
        except ValueError as error:
            return Reading(str(error), understood=False)


class ScaledField(IntegerField):
    """A number whose decimals another field of the form decides. ``data`` is the text: saving reads it by them."""

    def __init__(self, store: Store, by: str) -> None:
        super().__init__()
        self._store = store
        self._by = by
        self._stored: int | None = None
        """What was loaded and is not shown yet: its decimals are not known before the other field is"""

    def load(self, value: Any) -> None:
        self._stored = None if value is None else int(value)
        self.value = ""

    def follow(self, context: Context) -> None:
        super().follow(context)
        by = context.values.get(self._by)
        if self._stored is not None:
            self.value = format_amount(self._stored, decimals_of(self._store, by))
            self._stored = None

    def reading(self) -> Reading:
        return Reading(_("a number: 12, 2.100") if self.has_focus and not clean(self.value) else "")


class YearField(IntegerField):
    """A year: shown without a point for thousands."""

    WIDTH = 8

    def load(self, value: Any) -> None:
        self.value = "" if value is None else str(value)

    def reading(self) -> Reading:
        return Reading()


class FigureField(Entry):
    """The value of one measure: ``185``, ``70tr``, ``~20``, ``khoảng 20``, or words such as ``hàng chục``."""

    WIDTH = 18
    OVERWRITES = True

    def __init__(self, measure: Mapping[str, Any], note: str | None = None) -> None:
        super().__init__()
        self.measure = measure
        self._note = note
        """A remark beside the number, which this field cannot show but must not lose"""

    @property
    def data(self) -> Any:
        """``{measure_id, amount, approximate, note}``; the amount stays text while it is not understood."""
        if not clean(self.value):
            return None
        try:
            figure = read_figure(self.value, self.measure)
        except ValueError:
            figure = {"amount": APPROXIMATE.sub("", clean(self.value)), "approximate": False, "note": None}
        note = figure["note"] if figure["amount"] is None else self._note
        return {"measure_id": self.measure["id"], **figure, "note": note}

    def reading(self) -> Reading:
        unit = str(self.measure["unit_name"])
        if not clean(self.value):
            return Reading(unit)
        try:
            figure = read_figure(self.value, self.measure)
        except ValueError as error:
            return Reading(str(error), understood=False)
        if figure["amount"] is None and figure["approximate"]:
            return Reading(_("no number; will read “{words}”").format(words=figure["note"]))
        if figure["amount"] is None:
            return Reading()
        return Reading(f"→ {amount_text(figure, self.measure)}")


def read_figure(text: str, measure: Mapping[str, Any]) -> dict[str, Any]:
    """``{amount, approximate, note}`` of what was typed; ValueError with a sentence where it is no such thing."""
    words = clean(text)
    if measure["nature"] == "text":
        return {"amount": None, "approximate": False, "note": words}
    if not any(character.isdigit() for character in words):
        return {"amount": None, "approximate": True, "note": words}
    number = APPROXIMATE.sub("", words)
    return {"amount": parse_amount(number, measure["decimals"]), "approximate": number != words, "note": None}


def figure_typed(figure: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    """A stored figure as a person would have typed it."""
    if figure.get("amount") is None:
        return str(figure.get("note") or "")
    sign = "~" if figure.get("approximate") else ""
    return sign + format_amount(figure["amount"], measure["decimals"])
