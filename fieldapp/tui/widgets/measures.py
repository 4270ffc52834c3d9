"""The figures of an activity: one line for each measure of its kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.domain.model import Child
from fieldapp.records import lists
from fieldapp.records.typed_figures import figures_typed
from fieldapp.store.store import Row, Store
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.figure_field import FigureField
from fieldapp.tui.widgets.kind_rows import KindRows


class MeasuresEditor(KindRows):
    """``data`` is ``[{measure_id, amount, approximate, note, measured_on}]``; a line with parts has several rows."""

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(store, key, child)
        self._notes: dict[str, dict[str | None, str]] = {}
        """Measure -> day of the part -> the remark on its number"""

    def lines_of(self, kind: str) -> list[Row]:
        return lists.measures_of(self._store, kind)

    def make_row(self, about: Mapping[str, Any]) -> FieldRow:
        return figure_row(about, self._notes.setdefault(about["id"], {}))

    def rows_of(self, row: FieldRow) -> list[dict[str, Any]]:
        return row.data or []

    def _take(self, rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
        for row in rows or ():
            if row.get("amount") is not None and row.get("note"):
                self._notes.setdefault(row["measure_id"], {})[row.get("measured_on")] = row["note"]
        return super()._take(rows)

    def typed_of(self, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
        return figures_typed(rows, about)


def figure_row(measure: Mapping[str, Any], notes: Mapping[str | None, str]) -> FieldRow:
    """The line of a form for a measure; its key is the measure's id. ``notes``: as of ``FigureField``."""
    entry = FigureField(measure, notes)
    return FieldRow(measure["id"], measure["name"], entry, indent=1, hint=measure.get("hint") or "")
