"""A sheet before it is recorded: what its columns mean, what would go in, what is asked, what is refused."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from fieldapp.domain.model import FieldShape
from fieldapp.errors import Cancelled, FieldappError
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.sheets import columns, messages
from fieldapp.sheets.cells import SheetTable, cell_text
from fieldapp.sheets.headings import NUMBERING, Layout, MarkTarget, UnclearColumns, letters
from fieldapp.sheets.importing import ImportedRow, SheetOutcome, import_sheet
from fieldapp.sheets.office import NeedsPassword
from fieldapp.sheets.questions import NeedsAnswer, SheetQuestion
from fieldapp.sheets.refused_rows import RefusedRow
from fieldapp.sheets.understood import ImportOptions, SheetReading, lacking
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Dialog, OpenList, Page
from fieldapp.tui.screens.finder import Finder
from fieldapp.tui.screens.unlock import PassphraseField
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import search_key

LARGE = 100_000
"""Bytes; of a larger file the first lines are shown before all is read"""
FIRST_LINES = 80
SAMPLES, FIRST_ROWS, REFUSED = 3, 5, 200
"""How many values of a column, rows that would go in, and refused rows are shown"""
LOOKED_AT = 1_000
"""rows among which values are looked for"""
STEPS = 50
"""The bar moves this often while rows are tried"""

Line = tuple[str, Callable[[], object] | None]
"""A line of the list, and what Enter does on it"""


class SheetScreen(Page):
    """Shows a sheet as it is understood; F2 records it. Dismisses with whether anything was recorded."""

    WRITES = True
    HELP = (
        "Each line with a column says what it is taken for: Enter chooses something else. Lines with ? are questions"
        " that Enter answers. F2 records the rows; those that are refused go into a file of their own beside the sheet."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "record", _("Write")),
        Binding("delete", "stop", _("Break off"), key_display="Del"),
    ]

    def __init__(self, kind: str, path: Path) -> None:
        super().__init__()
        self._path = path
        self._order = ImportOptions(kind, dry_run=True)
        self._table: SheetTable | None = None
        self._layout: Layout | None = None
        self._rows_read: Sequence[int] | None = None
        """lines that are rows, once they are known"""
        self._notes: list[str] = []
        self._questions: list[SheetQuestion] = []
        self._tried: SheetOutcome | None = None
        self._first_rows: SheetOutcome | None = None
        """of a large sheet, until all rows are tried"""
        self._recalled = False
        """What was chosen for such a sheet the last time is in the order"""
        self._stop = False
        self._doing: list[Callable[[], object] | None] = []
        """What Enter does on each line"""

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield OpenList(id="columns", markup=False)
        yield ProgressBar(show_eta=False, id="bar")
        yield Static(id="said", classes="line", markup=False)

    def on_mount(self) -> None:
        title = _(records.model_of(self._order.kind).PLURAL)
        self.query_one("#what", Static).update(Content(f"{brief_text(self._path.name)} › {title}"))
        self._try()

    # reading and trying -------------------------------------------------------------------------------------------

    def _change(self, **changed: Any) -> None:
        """Read the sheet again, with something chosen."""
        self._order = replace(self._order, **changed)
        self._try()

    def _try(self) -> None:
        self._begin(_("Reading the sheet"))
        self._work(self._order)

    def action_record(self) -> None:
        """Record the rows, once nothing about the sheet as a whole is open."""
        if self.busy:
            return
        if self._tried is None or self._questions:
            self._say("! " + _("Not yet: answer the lines with ? or ! first."))
        elif not self._tried.added:
            self._say("! " + _("No row of the sheet would be recorded."))
        else:
            self._begin(_("Recording"))
            self._work(replace(self._order, dry_run=False))

    def _begin(self, what: str) -> None:
        self.busy, self._stop = True, False
        self.query_one("#bar").display = True
        self.query_one(ProgressBar).update(total=None, progress=0)
        self._say(f"… {what}")
        self.refresh_bindings()

    @work(thread=True)
    def _work(self, order: ImportOptions) -> None:
        store, tell = self.store.reopen(), self.app.call_from_thread
        outcome: SheetOutcome | None = None
        problem: FieldappError | None = None
        try:
            if order.dry_run:
                self._look_first(store, order)
            outcome = import_sheet(
                store, self._path, order, shown=lambda reading: tell(self._understood, reading), progress=self._progress
            )
        except Cancelled:
            problem = FieldappError(_("Broken off: nothing was recorded."))
        except FieldappError as error:
            problem = error
        finally:
            store.close()
            tell(self._done, order, outcome, problem)

    def _look_first(self, store: Store, order: ImportOptions) -> None:
        """Show the first lines of a large file; what is wrong with it is said once all of it is read."""
        tell = self.app.call_from_thread
        try:
            if self._path.stat().st_size > LARGE:
                order = replace(order, first=FIRST_LINES)
                looked = import_sheet(store, self._path, order, shown=lambda reading: tell(self._understood, reading))
                tell(self._show_first, looked)
        except (FieldappError, OSError):
            return

    def _show_first(self, looked: SheetOutcome) -> None:
        self._first_rows = looked
        self._show()

    def _progress(self, done: int, of: int) -> None:
        if self._stop:
            raise Cancelled
        if done % max(of // STEPS, 1) == 0:
            self.app.call_from_thread(self.query_one(ProgressBar).update, total=of, progress=done)

    def _understood(self, reading: SheetReading) -> None:
        """Show the columns at once; all rows are tried only then."""
        self._table, self._layout, self._notes = reading.table, reading.layout, [*reading.notes]
        self._rows_read = reading.rows
        self._questions = [*reading.questions]
        self._tried = None
        self._show()
        if self._stop:
            raise Cancelled

    def _done(self, order: ImportOptions, outcome: SheetOutcome | None, problem: FieldappError | None) -> None:
        self.busy, self._first_rows = False, None
        self.query_one("#bar").display = False
        if isinstance(problem, UnclearColumns):
            self._table, self._layout, self._notes, self._questions = problem.table, problem.layout, [], []
            self._rows_read = None
        if self._recall():
            return
        self._tried = outcome if outcome is not None and order.dry_run else None
        if outcome is not None and not order.dry_run:
            self._finish(outcome)
            return
        self._show()
        if isinstance(problem, NeedsAnswer):
            self._say("? " + _("Something about the sheet is not certain: Enter on a line with ? answers it."))
        elif isinstance(problem, NeedsPassword) and problem.may_be_given:
            self._say("! " + _("The file has a password."))
            title = str(problem) if order.password else _("Password of the file")
            self.app.push_screen(OneText(title, password=True), self._open_with)
        elif problem is not None:
            self._say(f"! {messages.without_options(str(problem))}")
        elif outcome is not None:
            self._say(messages.import_summary(outcome))
        self.refresh_bindings()

    def _open_with(self, password: str | None) -> None:
        if password:
            self._change(password=password)

    def _recall(self) -> bool:
        """Read again with what was chosen for such a sheet the last time."""
        if self._recalled or self._layout is None:
            return False
        self._recalled = True
        known = columns.remembered(self.store, self._layout)
        there = {heading: field for heading, field in known.items() if heading in self._layout.headings}
        if there and not self._order.columns:
            self._change(columns=there)
            return True
        return False

    def _finish(self, outcome: SheetOutcome) -> None:
        if self._layout is not None and self._order.columns:
            columns.remember(self.store, self._layout, self._order.columns)
        self.app.notify(f"✓ {messages.import_summary(outcome)}", markup=False, timeout=10)
        if outcome.refused_file:
            text = _("The refused rows are in {file}: correct them there, then import that file.")
            self.app.notify(text.format(file=outcome.refused_file), markup=False, timeout=20)
        self.dismiss(True)

    # what is shown ------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        listed = self.query_one("#columns", OptionList)
        at = listed.highlighted
        lines = [*self._lines()]
        self._doing = [do for _text, do in lines]
        listed.clear_options()
        listed.add_options([Option(Content(f" {text}"), disabled=do is None) for text, do in lines])
        first = next((n for n, do in enumerate(self._doing) if do is not None), None)
        is_open = bool(lines) and lines[0][0][:1] in "?!"  # what is to be answered stands first
        stays = at is not None and at < len(lines) and self._doing[at] is not None and not is_open
        listed.highlighted = at if stays else first
        listed.focus()

    def _lines(self) -> Iterator[Line]:
        if self._layout is None or self._table is None:
            return
        for question in self._questions:
            yield f"? {messages.without_options(question.text)}", partial(self._answer, question)
        for shape in lacking(self._layout, self._order.given):
            yield (
                f"! {_(shape.title)}: {_('no column has it: choose one below, or Enter: the same for all rows')}",
                partial(self._give, shape),
            )
        if self._table.others:
            listed = ", ".join(self._table.others)
            text = _("Sheet “{sheet}”; there are others: {others}").format(sheet=self._table.name, others=listed)
            yield text, self._choose_sheet
        yield from self._column_lines(self._layout, self._table)
        for name, value in self._order.given.items():
            yield f"= {self._title(name)}: {value}", partial(self._give_up, name)
        yield from self._switches()
        yield from ((f"· {messages.without_options(note)}", None) for note in self._notes)
        if self._tried is not None:
            yield from self._rows(self._tried)
        elif self._first_rows is not None:
            yield _("The first rows, as they would be recorded:"), None
            yield from ((self._row(row), None) for row in self._first_rows.added)
            for refused in self._first_rows.refused:
                yield self._refusal(refused), None

    def _column_lines(self, layout: Layout, table: SheetTable) -> Iterator[Line]:
        meant = {column.at: columns.meaning(self.store, layout.model, column.target) for column in layout.columns}
        own = {column.at for column in layout.columns if isinstance(column.target, MarkTarget)}
        for at, heading in enumerate(layout.headings):
            if at in own or (search_key(heading) in NUMBERING and at not in meant):
                continue
            rows = self._rows_read or range(layout.line + 1, len(table.rows))
            below = dict.fromkeys(cell_text(table.cell(line, at)) for line in rows[:LOOKED_AT])
            samples = [*filter(None, below)][:SAMPLES]
            if heading or samples:
                what = meant.get(at, _("not recorded"))
                text = f"{letters(at)} “{heading}” → {what}   {brief_text('; '.join(samples))}"
                yield text, partial(self._choose_field, heading) if heading else None

    def _switches(self) -> Iterator[Line]:
        mark = {True: "[x]", False: "[ ]"}
        hidden, confirm = self._order.hidden, self._order.confirm
        yield (
            f"{mark[hidden]} {_('Record what is hidden or struck out on the sheet, too')}",
            partial(self._change, hidden=not hidden),
        )
        yield (
            f"{mark[confirm]} {_('Record unusual values, too: they were looked at, and are right')}",
            partial(self._change, confirm=not confirm),
        )

    def _rows(self, tried: SheetOutcome) -> Iterator[Line]:
        for title, some in ((_("To be recorded"), tried.added), (_("In already"), tried.known)):
            if some:
                yield f"{title}: {len(some)}", None
                yield from ((self._row(row), None) for row in some[:FIRST_ROWS])
                if len(some) > FIRST_ROWS:
                    yield "   …", None
        if tried.refused:
            yield f"{_('Refused')}: {len(tried.refused)}", None
            for refused in tried.refused[:REFUSED]:
                yield self._refusal(refused), None

    @staticmethod
    def _row(row: ImportedRow) -> str:
        return f"   {row.line}: {row.label}" + (f" · {row.figures}" if row.figures else "")

    @staticmethod
    def _refusal(refused: RefusedRow) -> str:
        reason = messages.without_options(refused.reason)
        return "   " + _("Line {line}: {reason}").format(line=refused.line, reason=reason)

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))

    def _title(self, name: str) -> str:
        fields = dict(columns.fields_to_choose(self.store, records.model_of(self._order.kind)))
        return fields.get(name, name)

    # what is chosen -----------------------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        do = self._doing[event.option_index]
        if do is not None and not self.busy:
            do()

    def _choose_field(self, heading: str) -> None:
        model = records.model_of(self._order.kind)
        groups = [("", [("", _("Do not record this column")), *columns.fields_to_choose(self.store, model)])]

        def chosen(field: str | None) -> None:
            if field is not None:
                self._change(columns={**self._order.columns, heading: field or None})

        self.app.push_screen(Finder(_("What is the column “{heading}”?").format(heading=heading), groups), chosen)

    def _answer(self, question: SheetQuestion) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                self._change(answers={**self._order.answers, question.key: key})

        self.app.push_screen(Finder(question.text, [("", [(c.key, c.text) for c in question.choices])]), chosen)

    def _choose_sheet(self) -> None:
        assert self._table is not None
        names = [(name, name) for name in self._table.others]

        def chosen(name: str | None) -> None:
            if name is not None:
                self._recalled = False
                self._change(sheet=name, columns={}, answers={})

        self.app.push_screen(Finder(_("Which sheet?"), [("", names)]), chosen)

    def _give(self, shape: FieldShape) -> None:
        def given(text: str | None) -> None:
            if text:
                self._change(given={**self._order.given, shape.name: text})

        self.app.push_screen(OneText(_("{field} of all rows").format(field=_(shape.title))), given)

    def _give_up(self, name: str) -> None:
        self._change(given={n: text for n, text in self._order.given.items() if n != name})

    def action_stop(self) -> None:
        """Stop at the next row; nothing is recorded then."""
        self._stop = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While rows are tried, that can only be stopped."""
        return self.busy if action == "stop" else not (self.busy and action in ("record", "back"))


class OneText(Dialog):
    """Asks for the value of a field that all rows share, or for a password; dismisses with the text."""

    DEFAULT_CSS = "OneText .section { margin: 0; }"

    def __init__(self, title: str, *, password: bool = False) -> None:
        super().__init__()
        self._title = title
        self._password = password

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._title), classes="section")
            yield PassphraseField(password=True, stays=True) if self._password else TextField(stays=True)
        yield KeyFooter()

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        self.dismiss(event.value if self._password else event.value.strip())
