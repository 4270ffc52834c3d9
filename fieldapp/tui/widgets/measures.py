"""The figures of an activity: one row for each measure of its kind, made anew when the kind changes."""

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from fieldapp.store import lists, records
from fieldapp.store.store import Store
from fieldapp.tui.widgets.amount_field import FigureField, figure_typed
from fieldapp.tui.widgets.editor import Context, Editor
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.section import Section


class MeasuresEditor(Section):
    """``data`` is ``[{measure_id, amount, approximate, note}]`` of the measures on show that have a value.

    What was typed for a measure that the kind just chosen does not have is kept, and shown again with its kind.
    """

    DEFAULT_CSS = "MeasuresEditor.-empty { display: none; }"

    def __init__(self, store: Store, key: str, title: str) -> None:
        super().__init__(key, title)
        self._store = store
        self._kind: str | None = None
        self._loaded_kind: str | None = None
        self._values: dict[str, str] = {}
        """Measure -> what was typed"""
        self._notes: dict[str, str | None] = {}
        self._loaded: list[str] = []
        self._dated: list[dict[str, Any]] = []
        """Dated parts, which a field for one figure cannot show but must not lose"""
        self._rows: list[FieldRow] = []
        self._box = Vertical()
        self._box.styles.height = "auto"

    def compose_rows(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self.set_class(not self._rows, "-empty")

    @property
    def data(self) -> list[dict[str, Any]]:
        return [row.data for row in self._filled()] + self._dated

    @property
    def typed(self) -> dict[str, str]:
        self._remember()
        return {measure: text for measure, text in sorted(self._values.items()) if text.strip()}

    def restore(self, typed: Any) -> None:
        self._values = {str(measure): str(text) for measure, text in typed.items()}
        self._fill()

    def load(self, value: Any) -> None:
        self._dated = [dict(figure) for figure in value or () if figure.get("measured_on")]
        whole = [figure for figure in value or () if not figure.get("measured_on")]
        for figure in whole:
            self._load_one(figure)
        self._loaded = [figure["measure_id"] for figure in whole]
        self._fill()

    def copy_from(self, value: Any) -> bool:
        """Take over the figure of the focused row alone."""
        row = next((r for r in self._rows if r.has_focus_within), None)
        figure = next((f for f in value or () if row is not None and f["measure_id"] == row.key), None)
        if row is None or figure is None:
            return False
        row.restore(self._load_one(figure))
        return True

    def follow(self, context: Context) -> None:
        """Show the measures of the chosen kind, with those that the record already had."""
        kind = context.values.get("activity_kind_id")
        if kind == self._kind:
            return
        self._remember()
        self._kind = kind
        self._loaded_kind = self._loaded_kind or kind
        measures = {m["id"]: m for m in lists.measures_of(self._store, kind)} if kind else {}
        if kind == self._loaded_kind:
            measures |= {m: dict(self._measure(m)) for m in self._loaded if m not in measures}
        self._make_rows(measures)

    def show_problem(self, sentence: str | None, where: str = "") -> None:
        number = where.split(".", maxsplit=1)[0]
        filled = self._filled()
        if sentence is not None and number.isdigit() and int(number) < len(filled):
            filled[int(number)].show_problem(sentence)
        else:
            super().show_problem(sentence)

    def focus_problem(self) -> None:
        wrong = [row for row in self._rows if row.has_class("-wrong")] or self._rows
        if wrong:
            wrong[0].focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        super().show_problem(None)

    def _make_rows(self, measures: Mapping[str, Mapping[str, Any]]) -> None:
        self._rows = [
            FieldRow(str(m["id"]), str(m["name"]), FigureField(m, self._notes.get(str(m["id"]))), indent=1)
            for m in measures.values()
        ]
        self._fill()
        self.set_class(not self._rows, "-empty")
        with self.app.batch_update():
            self._box.remove_children()
            self._box.mount(*self._rows)

    def _load_one(self, figure: Mapping[str, Any]) -> str:
        measure = figure["measure_id"]
        self._values[measure] = figure_typed(figure, self._measure(measure))
        self._notes[measure] = figure.get("note") if figure.get("amount") is not None else None
        return self._values[measure]

    def _measure(self, measure_id: str) -> Mapping[str, Any]:
        return records.get(self._store, measure_id).row

    def _filled(self) -> list[FieldRow]:
        return [row for row in self._rows if row.data is not None]

    def _fill(self) -> None:
        for row in self._rows:
            row.restore(self._values.get(row.key, ""))

    def _remember(self) -> None:
        self._values |= {row.key: row.typed for row in self._rows}
