"""Rows of a form that depend on the kind of activity: one line for each of its measures or extra fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from fieldapp.domain.model import Child
from fieldapp.i18n import _
from fieldapp.records import parts, records
from fieldapp.store.store import Row, Store
from fieldapp.tui.widgets.editor import Editor, FormContext
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.section import FormSection

KIND = "activity_kind_id"


class KindRows(FormSection):
    """``data`` is the rows of the visible lines that have a value.

    If another kind is chosen, the text of lines that it lacks is kept, and shown again with the first kind. Lines that
    the record has, but that went out of use, stay visible.
    """

    DEFAULT_CSS = "KindRows.-empty { display: none; }"

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(key, child)
        self._store = store
        self._child = child
        self._about = child.about[0]
        """The column that says what a row is about"""
        self._kind: str | None = None
        self._loaded_kind: str | None = None
        self._typed: dict[str, Any] = {}
        """Id of what a line is about -> what was typed in it"""
        self._loaded: list[str] = []
        self._rows: list[FieldRow] = []
        self._comments: Mapping[str, str] = {}
        self._box = Vertical()
        self._box.styles.height = "auto"

    def lines_of(self, kind: str) -> list[Row]:
        """The records that the lines of a kind are about: its measures or extra fields."""
        raise NotImplementedError

    def make_row(self, about: Mapping[str, Any]) -> FieldRow:
        """The line about one of these records; its key is the record's id."""
        raise NotImplementedError

    def rows_of(self, row: FieldRow) -> list[dict[str, Any]]:
        """The content of a line, as rows for ``records.save``; no rows if it is empty."""
        raise NotImplementedError

    def typed_of(self, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
        """Stored rows about one record, in the form that ``restore`` of its line takes."""
        raise NotImplementedError

    def compose_rows(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self._show_unseen()

    @property
    def data(self) -> list[dict[str, Any]]:
        return [row for line in self._rows for row in self.rows_of(line)]

    @property
    def typed(self) -> dict[str, Any]:
        self._remember()
        return {about: typed for about, typed in sorted(self._typed.items()) if _words(typed).strip()}

    def restore(self, typed: Any) -> None:
        self._typed = dict(typed)
        self._fill()

    def load(self, value: Any) -> None:
        self._loaded = self._take(value)
        self._fill()

    def copy_from(self, value: Any) -> bool:
        """Take over the previous record's value of the focused line only."""
        line = next((row for row in self._rows if row.has_focus_within), None)
        rows = [row for row in value or () if line is not None and row[self._about] == line.key]
        if line is None or not rows:
            return False
        self._take(rows)
        line.restore(self._typed[line.key])
        return True

    def follow(self, context: FormContext) -> None:
        """Show the lines of the chosen kind, with those that the record already had."""
        kind = context.values.get(KIND)
        if kind != self._kind:
            self._remember()
            self._kind = kind
            self._loaded_kind = self._loaded_kind or kind
            abouts = {about["id"]: about for about in self.lines_of(kind)} if kind else {}
            if kind == self._loaded_kind:
                abouts |= {i: self._record(i) for i in self._loaded if i not in abouts}
            self._show([self.make_row(about) for about in abouts.values()])
        for line in self._rows:
            line.follow(context)

    def resolve_typed(self) -> str | None:
        for line in self._rows:
            line.resolve_typed()
        return None

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        if sentence is None:
            for row in self._rows:
                row.show_problem(None)
        place = where.split(".", maxsplit=1)[0]
        lines = [line for line in self._rows for _row in self.rows_of(line)]
        missing = next((line for line in self._rows if line.key == place), None)
        line = lines[int(place)] if place.isdecimal() and int(place) < len(lines) else missing
        if sentence is not None and line is not None:
            reading = line.entry.reading()
            line.show_problem(sentence if reading.understood else reading.text, asks=asks)
        else:
            super().show_problem(sentence, where, asks=asks)

    def focus_problem(self) -> None:
        wrong = [row for row in self._rows if row.has_class("-wrong")] or self._rows
        if wrong:
            wrong[0].focus_problem()

    def show_comments(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        own = {row.key for row in self._rows}
        for row in self._rows:
            row.show_comments({"": comments[row.key]} if row.key in comments else {})
        super().show_comments({where: text for where, text in comments.items() if where not in own})

    def focus_place(self, where: str) -> None:
        """Focus the line with this key."""
        row = next((row for row in self._rows if row.key == where), None)
        if row is not None:
            row.focus_problem()
        else:
            self.focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        super().show_problem(None)

    def _show(self, rows: list[FieldRow]) -> None:
        self._rows = rows
        self._fill()
        with self.app.batch_update():
            self._box.remove_children()
            self._box.mount(*rows)
        if self._comments:
            self.show_comments(self._comments)

    def _take(self, rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
        """Remember stored rows as if they had been typed; returns the ids that they are about."""
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows or ():
            groups.setdefault(row[self._about], []).append(row)
        for about, of_one in groups.items():
            self._typed[about] = self.typed_of(self._record(about), of_one)
        return [*groups]

    def _record(self, row_id: str) -> Row:
        return records.get(self._store, row_id).row

    def _fill(self) -> None:
        for row in self._rows:
            if row.key in self._typed:
                row.restore(self._typed[row.key])
            else:
                row.load(None)
        self._show_unseen()

    def _show_unseen(self) -> None:
        """Name what was typed for another kind, which has no line here, and what a merge left of one."""
        shown = {row.key for row in self._rows}
        unseen = {about: _words(typed) for about, typed in self._typed.items() if about not in shown and self._kind}
        lines = [f"{self._record(about)['name']} {words}" for about, words in unseen.items() if words.strip()]
        strays = [row for row in self._rows if row.key in self._loaded and self._kind
                  and not parts.kind_has(self._store, self._child, self._kind, row.key)]  # fmt: skip
        self.show_unseen(
            (_("This kind does not have it, and it is not recorded: {lines}"), lines),
            (_("This kind does not have: {lines}. Empty it to take it out."), [row.title for row in strays]),
        )
        self.set_class(not self._rows and not lines, "-empty")

    def _remember(self) -> None:
        self._typed |= {row.key: row.typed for row in self._rows}


def _words(typed: Any) -> str:
    """The text in what a draft keeps of a field; it is blank if the field is empty."""
    return str(typed["text"] if isinstance(typed, dict) else typed)
