"""Rows that belong to a record, such as the tasks of an agreement: fields for one row, and the rows below them."""

from collections.abc import Callable, Mapping
from typing import Any

from textual.app import ComposeResult

from fieldapp.domain.model import Child, FieldShape, fields_of
from fieldapp.i18n import _
from fieldapp.store import words
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import Context, Editor
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.section import Section
from fieldapp.tui.widgets.target_list import TargetList


class RowsEditor(Section):
    """``data`` is a list with the fields of each row; Enter in the last field adds the row that was typed."""

    def __init__(
        self, store: Store, key: str, title: str, child: Child, entry_of: Callable[[Store, FieldShape], Entry]
    ) -> None:
        super().__init__(key, title)
        self._store = store
        self._child = child
        shapes = [s for s in fields_of(child.model) if s.name != child.parent]
        self._fields = [FieldRow(s.name, _(s.title), entry_of(store, s), required=s.required, indent=1) for s in shapes]
        self._given: list[dict[str, Any]] = []
        self._list = TargetList(self._remove)

    def compose_rows(self) -> ComposeResult:
        yield from self._fields
        yield self._list

    @property
    def data(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._given] + ([self._half()] if self._half() else [])

    @property
    def typed(self) -> dict[str, Any]:
        return {"rows": [dict(row) for row in self._given], "half": {f.key: f.typed for f in self._fields}}

    def restore(self, typed: Any) -> None:
        self.load(typed["rows"])
        for field in self._fields:
            field.restore(typed["half"].get(field.key, ""))

    def load(self, value: Any) -> None:
        self._given = [dict(row) for row in value or ()]
        self._show_list()

    def follow(self, context: Context) -> None:
        for field in self._fields:
            field.follow(context)

    def show_problem(self, sentence: str | None, where: str = "") -> None:
        number, _dot, name = where.partition(".")
        field = next((f for f in self._fields if f.key == name), None)
        if sentence is not None and field is not None and number.isdigit() and int(number) >= len(self._given):
            field.show_problem(sentence)
        else:
            super().show_problem(sentence)

    def focus_problem(self) -> None:
        wrong = [f for f in self._fields if f.has_class("-wrong")] or self._fields
        wrong[0].focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        super().show_problem(None)

    def take(self) -> bool:
        """Add the row that stands in the fields, if the focus is in the last of them; the focus goes to the first."""
        half = self._half()
        if not self._fields[-1].has_focus_within or not half:
            return False
        self._given.append(half)
        for field in self._fields:
            field.load(None)
        self._show_list()
        self._fields[0].focus_problem()
        self.post_message(self.Changed())
        return True

    def _half(self) -> dict[str, Any]:
        return {f.key: f.data for f in self._fields if f.data is not None}

    def _remove(self, line: int) -> None:
        half = self._given.pop(line)
        for field in self._fields:
            field.load(half.get(field.key))
        self._show_list()
        self.post_message(self.Changed())

    def _show_list(self) -> None:
        self._list.show([self._words(row) for row in self._given])
        self.show_number(len(self._given))

    def _words(self, row: Mapping[str, Any]) -> str:
        shapes = {s.name: s for s in fields_of(self._child.model)}
        texts = []
        for name in self._child.model.LIST:
            try:
                texts.append(words.text_of(shapes[name], row.get(name), {}))
            except (ValueError, TypeError):  # not understood yet: saving says so
                texts.append(str(row.get(name)))
        return " · ".join(t for t in texts if t)
