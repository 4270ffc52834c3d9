"""Rows of any model that belong to a record: those entered so far, and below them the fields for one more."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult

from fieldapp.domain.model import Child, FieldShape, fields_of
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import reading, words
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import Editor, FormContext
from fieldapp.tui.widgets.entries import field_row
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.row_list import RowList
from fieldapp.tui.widgets.section import FormSection

Item = dict[str, Any]
"""A row in the shape of ``records.as_data``; it has an ``id`` if it is stored already"""

NEW = {"id": "new"}
"""Stands for the record that the rows belong to, while it has no id"""


class RowsEditor(FormSection):
    """``data`` is the rows, in the order of what they are about.

    Enter on the last field adds a row and begins the next one; if all fields are empty, it goes on. A row that was
    taken up from the list goes back to its place in the same way.
    """

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(key, child)
        self._store = store
        self._child = child
        shapes = [shape for shape in fields_of(child.model) if shape.name != child.parent]
        self._fields = self.make_fields(shapes)
        self._numbers = [shape.name for shape in shapes if shape.type == "integer" and shape.name in child.about]
        """Fields in which the next free number is proposed"""
        self._proposed: dict[str, str] = {}
        self._items: list[Item] = []
        self._taken: Item | None = None
        """The row of the list that is in the fields, to be changed"""
        self._sentences: list[tuple[Item, str, str, bool]] = []
        """Problems found by saving: row, field, sentence, whether it asks"""
        self._list = RowList(self._remove, self._take)
        for row in self._fields.values():
            row.entry.at_enter = partial(self._enter, row)

    def make_fields(self, shapes: Sequence[FieldShape]) -> dict[str, FieldRow]:
        """The fields for one more row, by their names."""
        return {shape.name: field_row(self._store, shape, indent=1) for shape in shapes}

    def compose_rows(self) -> ComposeResult:
        yield self._list
        yield from self._fields.values()

    @property
    def data(self) -> list[Item]:
        return [dict(item) for item in self._items]

    @property
    def typed(self) -> dict[str, Any]:
        taken = next((number for number, item in enumerate(self._items) if item is self._taken), None)
        return {"rows": self.data, "taken": taken, "fields": {name: row.typed for name, row in self._fields.items()}}

    def restore(self, typed: Any) -> None:
        self.load(typed["rows"])
        self._taken = None if typed["taken"] is None else self._items[typed["taken"]]
        for name, text in typed["fields"].items():
            self._fields[name].restore(text)
        self._show_list()

    def load(self, value: Any) -> None:
        self._items = [dict(item) for item in value or ()]
        self.in_order(self._items)
        self._empty_fields()
        self._show_list()

    def copy_from(self, value: Any) -> bool:
        """Take over the previous record's rows, as new ones."""
        return super().copy_from([{k: v for k, v in item.items() if k != "id"} for item in value or ()])

    def follow(self, context: FormContext) -> None:
        for row in self._fields.values():
            row.follow(context)

    def resolve_typed(self) -> str | None:
        """Add what is in the fields; returns a sentence if it is not complete."""
        if self._is_blank() or self._add():
            return None
        return _("The row below is not added yet: complete it, or empty its fields.")

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        number, _dot, field = where.partition(".")
        if sentence is None:
            self._sentences = []
            for row in self._fields.values():
                row.show_problem(None)
        elif number.isdecimal() and int(number) < len(self._items):
            item = self._items[int(number)]
            self._sentences.append((item, field, sentence, asks))
            sentence = f"{self.words(item)}: {sentence}"
        super().show_problem(sentence, asks=asks)

    def focus_problem(self) -> None:
        if self._sentences and self._is_blank():
            wrong = self._sentences[0][0]
            self.take_up(wrong)
            for item, field, sentence, asks in self._sentences:
                if item is wrong and field in self._fields:
                    self._fields[field].show_problem(sentence, asks=asks)
        rows = list(self._fields.values())
        next((row for row in rows if row.has_class("-wrong")), rows[0]).focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        if not self._sentences:
            super().show_problem(None)

    def _enter(self, row: FieldRow) -> bool:
        """Handle Enter in a field; False lets it go on."""
        self.settle()
        if row is not [row for row in self._fields.values() if row.display][-1] or self._is_blank():
            return False
        if self._add():
            next(iter(self._fields.values())).focus_problem()
        return True

    def settle(self) -> None:
        """Show the fields that go with what is typed by now, and only them."""

    def _add(self) -> bool:
        """Put what is in the fields into the list; if that fails, say what is wrong beside its field."""
        for row in self._fields.values():
            row.show_problem(None)
            row.resolve_typed()
        item = {name: row.data for name, row in self._fields.items() if row.display and row.data is not None}
        problems: Mapping[str, str] = {}
        try:
            item = self.checked(item)
            if any(self.place(item) == self.place(other) for other in self._items if other is not self._taken):
                problems = {self._child.about[0]: _("This is given twice.")}
        except FieldappError as error:
            problems = {key.rpartition(".")[2]: sentence for key, sentence in error.fields.items()}
        if problems:
            for name, sentence in problems.items():
                self._fields[name].show_problem(sentence)
            self._fields[next(name for name in self._fields if name in problems)].focus_problem()
            return False
        self._put(item)
        return True

    def checked(self, item: Item) -> Item:
        """A row as it is kept, from what is in the fields; FieldappError names the fields that are wrong."""
        (read,) = reading.read_children(self._store, self.key, self._child, [item], NEW, [], None)
        columns = reading.columns_of(read.record)
        return {name: columns[name] for name in self._fields if columns[name] is not None}

    def _put(self, item: Item) -> None:
        if self._taken is None:
            self._items.append(item)
        else:
            own = {"id": self._taken["id"]} if "id" in self._taken else {}
            self._taken.clear()
            self._taken.update(item | own)
        self.in_order(self._items)
        self._empty_fields()
        self._changed()

    def _take(self, line: int) -> None:
        """Bring a row of the list into the fields, after what is there now went into the list."""
        item = self._items[line]
        if self._is_blank() or self._add():
            self.take_up(item)
            next(iter(self._fields.values())).focus_problem()

    def take_up(self, item: Item) -> None:
        """Bring a row of the list into the fields."""
        self._taken = item
        for name, row in self._fields.items():
            row.load(item.get(name))
        self._show_list()

    def _remove(self, line: int) -> None:
        item = self._items.pop(line)
        if item is self._taken or self._is_blank():
            self._empty_fields()
        self._changed()

    def _changed(self) -> None:
        self._show_list()
        self.show_problem(None)
        self.post_message(self.Changed())

    def _empty_fields(self) -> None:
        self._taken = None
        for name, row in self._fields.items():
            row.load(self.proposal(name))
            self._proposed[name] = row.typed

    def proposal(self, name: str) -> Any:
        """What a field for one more row begins with."""
        return max((item[name] for item in self._items), default=0) + 1 if name in self._numbers else None

    def _is_blank(self) -> bool:
        """Whether nothing was typed in the fields, and no row was taken up into them."""
        fields = self._fields.items()
        return self._taken is None and all(row.typed == self._proposed.get(name) for name, row in fields)

    def _show_list(self) -> None:
        signs = ["›" if item is self._taken else " " for item in self._items]
        self._list.show([f"{sign} {self.words(item)}" for sign, item in zip(signs, self._items, strict=True)])
        self.show_number(len(self._items))

    def words(self, item: Item) -> str:
        """A row in the list."""
        row = {name: item.get(name) for name in self._fields}
        shown = words.display(self._store, self._child.model.KIND, [row], self._child.model.LIST)
        return " · ".join(text for text in shown[0] if text)

    def in_order(self, items: list[Item]) -> None:
        """Bring the rows into their order."""
        items.sort(key=self.place)

    def place(self, item: Item) -> tuple[Any, ...]:
        """What a row is about: there is one about each thing."""
        return tuple(item.get(name) for name in self._child.about)
