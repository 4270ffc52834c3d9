"""The bodies that an activity strengthened or helped: choose a type once, then name one body after the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, get_args

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from fieldapp.domain.assistance import TargetType
from fieldapp.domain.model import Child
from fieldapp.i18n import _
from fieldapp.records import lists, words
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import Editor, FormContext
from fieldapp.tui.widgets.entry import EntryReading
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.pick_list import LIMIT, AddingList, Choice, Namesakes, Offer, code_field, lack_of, nothing
from fieldapp.tui.widgets.row_list import RowList
from fieldapp.tui.widgets.section import FormSection
from fieldapp.vietnamese.text import tidy

CELL, UNIT, NAME = "party_cell_id", "unit_id", "name"

TYPES: tuple[str, ...] = get_args(TargetType)
NAMED_FIRST = ("household_group", "other", "hamlet")
"""Types whose bodies mostly have only a name; bodies of other types are mostly given by their commune"""
CHOSEN_ONLY = ("commune", "party_cell")

TargetRow = dict[str, Any]


class BodyField(AddingList):
    """Names bodies one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f6", "all", _("All its cells"), key_display="F6")]

    def __init__(
        self,
        offer: Offer,
        add: Callable[[str], None],
        add_all: Callable[[], None],
        ready: Callable[[], bool],
        lack: Callable[[], str],
        namesakes: Namesakes,
    ) -> None:
        super().__init__(offer, add, nothing, lack, namesakes)
        self._add_all = add_all
        self._ready = ready

    def action_all(self) -> None:
        """Add all cells of the form's commune."""
        self._add_all()

    def reading(self) -> EntryReading:
        if tidy(self.value) and not self._ready():
            return EntryReading(_("choose the type of body first"), understood=False)
        return super().reading()


class TargetsEditor(FormSection):
    """``data`` is ``[{target_type, unit_id | party_cell_id | name}]``; a body is listed once."""

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(key, child)
        self._store = store
        self._around = FormContext()
        self._targets: list[TargetRow] = []
        self._type = FieldRow("target_type", _("Type of body"), code_field(TYPES), indent=1)
        body = BodyField(self._offer, self._add, self._add_cells, self._is_typed, self._lack, self._namesakes)
        self._body = FieldRow("body", _("Which"), body, indent=1)
        self._list = RowList(self._remove)

    def compose_rows(self) -> ComposeResult:
        yield self._type
        yield self._body
        yield self._list

    @property
    def data(self) -> list[TargetRow]:
        return [dict(target) for target in self._targets]

    @property
    def typed(self) -> dict[str, Any]:
        return {"targets": self.data, "type": self._type.typed, "body": self._body.typed}

    def restore(self, typed: Any) -> None:
        self.load(typed["targets"])
        self._type.restore(typed["type"])
        self._body.restore(typed["body"])

    def load(self, value: Any) -> None:
        self._targets = [dict(target) for target in value or ()]
        self._show_list()

    def follow(self, context: FormContext) -> None:
        self._around = context
        self._type.follow(context)
        self._body.follow(context)

    def resolve_typed(self) -> str | None:
        self._type.resolve_typed()
        return self._body.resolve_typed()

    def focus_problem(self) -> None:
        self._body.focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        self.show_problem(None)

    def _chosen_type(self) -> str | None:
        self._type.resolve_typed()
        return self._type.data if self._type.data in TYPES else None

    def _offer(self, text: str, context: FormContext) -> list[Choice]:
        chosen = self._chosen_type()
        if chosen is None:
            return []
        kind, column = ("party_cell", CELL) if chosen == "party_cell" else ("unit", UNIT)
        found = [(f"{column}:{i}", words) for i, words in lists.choices(self._store, kind, text, context.on, LIMIT)]
        name = tidy(text)
        if not name or chosen in CHOSEN_ONLY:
            return found
        literal = [(f"{NAME}:{name}", _("“{name}”, as typed").format(name=name))]
        return literal + found if chosen in NAMED_FIRST else found + literal

    def _namesakes(self, values: Sequence[str], typed: str, context: FormContext) -> bool:
        kind = "party_cell" if self._chosen_type() == "party_cell" else "unit"
        return lists.are_namesakes(self._store, kind, [value.partition(":")[2] for value in values], typed, context.on)

    def _is_typed(self) -> bool:
        return self._chosen_type() is not None

    def _lack(self) -> str:
        return lack_of(self._store, "party_cell" if self._chosen_type() == "party_cell" else "unit")

    def _add(self, value: str) -> None:
        column, _colon, what = value.partition(":")
        target: TargetRow = {"target_type": self._chosen_type(), column: what}
        unit = self._around.values.get("unit_id")
        if column == NAME and unit and len(str(unit)) == 36:
            target[UNIT] = unit  # by name alone, the “Thôn 5” of two communes would be one hamlet
        self._append([target])

    def _add_cells(self) -> None:
        """Add all party cells of the commune that the form names."""
        unit = self._around.values.get("unit_id")
        if not unit:
            self.show_problem(_("Choose the unit of the activity first: then its party cells can all be added."))
            return
        cells: list[TargetRow] = []
        after = None
        while True:
            page = lists.record_window(self._store, "party_cell", after=after, limit=500)
            cells += [{"target_type": "party_cell", CELL: row["id"]} for row in page.rows if row["unit_id"] == unit]
            after = page.after
            if after is None:
                break
        if not cells:
            self.show_problem(_("No party cells are recorded for this unit."))
        self._append(cells)

    def _append(self, targets: list[TargetRow]) -> None:
        new = [target for target in targets if target not in self._targets]
        if new:
            self._targets += new
            self._changed()

    def _remove(self, line: int) -> None:
        del self._targets[len(self._targets) - 1 - line]
        self._changed()

    def _changed(self) -> None:
        self._show_list()
        self.show_problem(None)
        self.post_message(self.Changed())

    def _show_list(self) -> None:
        """Show the newest first: what was just added is right below the field."""
        self._list.show([self._words(target) for target in reversed(self._targets)])
        self.show_number(len(self._targets))

    def _words(self, target: Mapping[str, Any]) -> str:
        parts = [_(words.choice_title(target["target_type"])), target.get(NAME)]
        for column, kind in ((CELL, "party_cell"), (UNIT, "unit")):
            if target.get(column):
                parts.append(words.labels(self._store, kind, [target[column]]).get(target[column], "?"))
        return " · ".join(str(part) for part in parts if part)
