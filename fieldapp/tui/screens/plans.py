"""The plans of all posts on one screen, entered like a sheet: a figure in a cell, arrows, Enter, a pasted range."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.day_words import last_of_month
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.records import plans
from fieldapp.records.plans import Aim, AimWords, PlanCell, PlansAsked, PlansRefused
from fieldapp.reports.plan_table import PlanState, PlanTable, plan_table
from fieldapp.reports.query import Period, Query, period_of
from fieldapp.sheets import plan_matrix
from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.plan_matrix import PlanSheet, at_place
from fieldapp.store import wall
from fieldapp.tui import pasted_range
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.file_page import MadeFile, hand_over
from fieldapp.tui.screens.period_finder import PeriodFinder
from fieldapp.tui.screens.sheet import OneText
from fieldapp.tui.screens.sheet_file import SheetFileScreen
from fieldapp.tui.widgets.cell_grid import CellGrid, GridColumn
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import tidy

BEGUN = "plans_begun"
"""Local setting: JSON, period -> what was typed and not saved yet"""
PROBLEMS_SHOWN = 3

Typed = dict[PlanCell, str]
"""What was typed for a cell; an empty text takes its plan out"""


class PlanField(TextField):
    """The figure of the chosen cell. Arrows and Enter go to another cell."""

    VIETNAMESE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Below"), key_display="Enter"),
        Binding("down", "screen.go(1, 0)", _("Below"), show=False),
        Binding("up", "screen.go(-1, 0)", _("Above"), show=False),
        Binding("left", "screen.go(0, -1)", _("Before"), show=False),
        Binding("right", "screen.go(0, 1)", _("After"), show=False),
        Binding("pageup", "screen.page(-1)", _("Page up"), show=False),
        Binding("pagedown", "screen.page(1)", _("Page down"), show=False),
    ]

    async def action_submit(self) -> None:
        """Go to the cell below, at once: what is typed ahead is for that one."""
        if isinstance(self.screen, PlansScreen):
            self.screen.action_go(1, 0)

    def paste(self, text: str) -> None:
        """Put a copied range into the cells from the chosen one on; one figure goes into the field."""
        if not (isinstance(self.screen, PlansScreen) and self.screen.take_range(text)):
            super().paste(text)


class PlansScreen(Page):
    """Posts in lines, what is planned in columns."""

    WRITES = True
    HELP = (
        "Type a figure in a cell; Enter and the arrows go on; F2 saves all cells together. KH: planned, TH: done, DB:"
        " forecast. A range of a spreadsheet is pasted from the chosen cell on, or by the names of posts and measures."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", _("Save")),
        Binding("f4", "narrow", _("Period, measure")),
        Binding("f5", "copy", _("Year before")),
        Binding("f6", "from_sheet", _("Sheet")),
        Binding("f7", "split", _("View")),
        Binding("f8", "plans_file", _("File")),
        Binding("delete", "clear", _("Take out"), key_display="Del"),
    ]
    DEFAULT_CSS = """
    PlansScreen #entry { margin: 0 1; }
    PlansScreen #state { height: 3; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    PlansScreen #said { max-height: 4; }
    """

    def __init__(self, period: Period | None = None) -> None:
        super().__init__()
        self._period = period or period_of(str(wall.today().year), wall.today())
        self._table: PlanTable | None = None
        self._typed: Typed = {}
        self._before = ""
        """What was typed for the chosen cell when it was chosen"""
        self._more: list[Aim] = []
        """Columns that were chosen, and have no plan yet"""
        self._alone = False
        """Only the plan of each cell is shown"""
        self._asked: Typed | None = None
        """What was typed when something unusual was asked about"""
        self._why_unkept = ""
        """Why what was typed could not be kept; empty: it is kept"""
        self._leaves: Typed | None = None
        """What Esc was pressed on once, though it could not be kept"""

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield CellGrid(id="grid")
        yield Static(id="state", markup=False)
        yield PlanField(stays=True, id="entry")
        yield Static(id="said", classes="problem", markup=False)

    def on_mount(self) -> None:
        self._restore()

    def come_back(self) -> None:
        """Show the state of now. A figure that is half typed is typed on."""
        field, here, before = self.query_one(PlanField), self._cell, self._before
        typed, cursor = field.value, field.cursor_position
        super().come_back()
        if typed and (here and here[0]) == (self._cell and self._cell[0]):
            with self.prevent(TextField.Changed):
                field.value = typed
            field.cursor_position, self._before = cursor, before

    def renew(self) -> None:
        """Read the plans again, and what was done."""
        query = Query(self._period, today=wall.today())
        more = dict.fromkeys([*self._more, *(cell.aim for cell in self._typed)])
        self._table = plan_table(self.store, query, more)
        shown = {post for post, _name in self._table.posts}  # one that was voided meanwhile can have no new plan
        self._typed = {cell: text for cell, text in self._typed.items() if cell.post_id in shown}
        self._show()
        self.query_one(PlanField).focus()

    # what is shown ------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Paint all cells."""
        assert self._table is not None
        table = self._table
        names = [name for _post, name in table.posts]
        columns = [
            GridColumn(
                f"{words.title} ({words.unit})",
                self._heads,
                [self._texts(PlanCell(post, aim), words) for post, _name in table.posts],
            )
            for aim, words in table.columns
        ]
        self.query_one(CellGrid).show(names, columns)
        self._choose()

    @property
    def _heads(self) -> tuple[str, ...]:
        return (_("KH"),) if self._alone else (_("KH"), _("TH"), "%", _("DB"))

    def _texts(self, cell: PlanCell, words: AimWords) -> tuple[str, ...]:
        """Planned, done, percent and forecast; ``*`` before what is not saved yet, ``!`` before what is no figure."""
        state = self._state(cell)
        planned = "–" if state.target is None else format_amount(state.target, words.decimals)
        if cell in self._typed:
            amount = self._amount(cell, words)
            planned = f"! {tidy(self._typed[cell])}"[:20] if isinstance(amount, str) else "* "
            if not isinstance(amount, str):
                planned += "–" if amount is None else format_amount(amount, words.decimals)
        if self._alone:
            return (planned,)
        share = "–" if state.percent is None else f"{state.percent}%"
        forecast = "–" if state.forecast is None else format_amount(state.forecast, words.decimals)
        return planned, state.done_text, share, forecast

    def _state(self, cell: PlanCell) -> PlanState:
        assert self._table is not None
        return self._table.states[cell]

    def _amount(self, cell: PlanCell, words: AimWords) -> int | str | None:
        """What was typed for a cell: the amount, None where it is taken out, or what is wrong with it."""
        text = self._typed[cell]
        if not tidy(text):
            return None
        try:
            return parse_amount(text, words.decimals, words.unit, words.title)
        except ValueError as error:
            return str(error)

    @property
    def _cell(self) -> tuple[PlanCell, AimWords] | None:
        """The chosen cell; None where there is no column yet."""
        grid, table = self.query_one(CellGrid), self._table
        if table is None or not table.columns:
            return None
        aim, words = table.columns[grid.column]
        return PlanCell(table.posts[grid.line][0], aim), words

    def _choose(self) -> None:
        """Show what is known of the chosen cell, and make its field ready."""
        here, field = self._cell, self.query_one(PlanField)
        with self.prevent(TextField.Changed):
            field.value = ""
        self._tell()
        if here is None:
            field.placeholder = _("F4 chooses the first measure of the plan")
            self._before = ""
            return
        cell, words = here
        self._before = self._typed.get(cell, "")
        target = self._state(cell).target
        planned = _("none") if target is None else format_amount(target, words.decimals)
        planned = tidy(self._before) if cell in self._typed else planned
        field.placeholder = _("type the plan in {unit}; now: {planned}").format(unit=words.unit, planned=planned or "–")

    def _say_what_is_wrong(self) -> None:
        """Say what is wrong with the chosen cell."""
        here = self._cell
        wrong = self._amount(*here) if here is not None and here[0] in self._typed else None
        wrong = wrong if isinstance(wrong, str) else self._why_unkept or (self._beyond_all(*here) if here else "")
        self._say(f"! {wrong}" if wrong else "")

    def _beyond_all(self, cell: PlanCell, words: AimWords) -> str:
        """That a post's plan is more than that of all posts together; else empty. It may be saved."""
        assert self._table is not None
        both = (cell, PlanCell(None, cell.aim))
        own, whole = (self._amount(c, words) if c in self._typed else self._state(c).target for c in both)
        if not isinstance(own, int) or not isinstance(whole, int) or own <= whole:
            return ""
        text = _("That is more than the plan of all posts together ({amount}).")
        return text.format(amount=self._state(cell).in_words(whole))

    def _tell(self) -> None:
        """The period above the grid, and below it the chosen cell in words."""
        assert self._table is not None
        grid, here = self.query_one(CellGrid), self._cell
        parts = [_("Plans of the posts") + f": {self._period.title}"]
        if self._table.columns:
            for shown, all_of_them, text in (
                (grid.shown, grid.columns, _("columns {first}–{last}/{all}")),
                (grid.lines_shown, grid.names, _("lines {first}–{last}/{all}")),
            ):
                if len(shown) < len(all_of_them):
                    parts.append(text.format(first=shown.start + 1, last=shown.stop, all=len(all_of_them)))
        if self._typed:
            cells = counted("{n} cell", "{n} cells", len(self._typed))
            parts.append(_("{cells} not saved yet (*)").format(cells=cells))
        self.query_one("#what", Static).update(Content(" · ".join(parts)))
        lines: list[str] = []
        if here is not None:
            cell, words = here
            name = self._table.posts[grid.line][1]
            lines = [f"{name} · {words.title}", *self._state(cell).sentences()]
            of_posts = self._table.planned_by_posts(cell.aim)
            if cell.post_id is None and of_posts is not None:
                lines[0] += " · " + _("the posts together: {sum}").format(sum=self._state(cell).in_words(of_posts))
        self.query_one("#state", Static).update(Content("\n".join(lines)))

    def on_cell_grid_refitted(self) -> None:
        if self._table is not None:
            self._tell()

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))

    # typing -------------------------------------------------------------------------------------------------------

    def on_input_changed(self, event: TextField.Changed) -> None:
        """Put what is typed into the chosen cell."""
        here = self._cell
        if here is None or not isinstance(event.input, PlanField):
            return
        cell = here[0]
        self._enter({cell: event.value} if tidy(event.value) else {cell: self._before})
        if not tidy(event.value) and not self._before:
            self._typed.pop(cell, None)
        self._say_what_is_wrong()
        self._paint()

    def _enter(self, typed: Mapping[PlanCell, str]) -> None:
        """Enter texts into cells; what is the plan already is no change."""
        assert self._table is not None
        words = dict(self._table.columns)
        for cell, text in typed.items():
            self._typed[cell] = text
            target = self._state(cell).target
            if self._amount(cell, words[cell.aim]) == target:
                del self._typed[cell]

    def _paint(self) -> None:
        """Paint the cells again, without touching the field."""
        assert self._table is not None
        table = self._table
        grid = self.query_one(CellGrid)
        grid.show(
            grid.names,
            [
                GridColumn(old.title, old.heads, [self._texts(PlanCell(post, aim), words) for post, _n in table.posts])
                for old, (aim, words) in zip(grid.columns, table.columns, strict=True)
            ],
        )
        self._tell()

    def action_go(self, down: int, right: int) -> None:
        """Go to another cell; below the last line the next column begins. What was typed here is kept from now on."""
        self._keep_typed()
        grid = self.query_one(CellGrid)
        line, column = grid.line + down, grid.column + right
        if down > 0 and line == len(grid.names) and column + 1 < len(grid.columns):
            line, column = 0, column + 1
        grid.choose(line, column)
        self._choose()
        self._say_what_is_wrong()

    def action_page(self, step: int) -> None:
        """Go a page up or down."""
        grid = self.query_one(CellGrid)
        grid.choose(grid.line + step * grid.page, grid.column)
        self._choose()
        self._say_what_is_wrong()

    def action_clear(self) -> None:
        """Take the plan out of the chosen cell, or what was typed for it; F2 saves that."""
        here = self._cell
        if here is not None:
            if self._state(here[0]).target is None or self._typed.get(here[0]) == "":
                self._typed.pop(here[0], None)
            else:
                self._typed[here[0]] = ""
            self._say("")
            self._show()

    def take_range(self, text: str) -> bool:
        """Enter a copied range; False if the text is a single cell."""
        rows = pasted_range.pasted_rows(text)
        if rows is None:
            lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
            rows = [[line] for line in lines] if len(lines) > 1 else None
        if rows is None:
            return False
        named = plan_matrix.read_plan_table(self.store, SheetTable("", rows))
        if named is not None:
            self._take_named(named)
        else:
            self._take_placed(rows)
        return True

    def _take_placed(self, rows: Sequence[Sequence[str]]) -> None:
        """Enter a range from the chosen cell on."""
        grid, table = self.query_one(CellGrid), self._table
        assert table is not None
        below, right = len(table.posts) - grid.line, len(table.columns) - grid.column
        if len(rows) > below or max(map(len, rows)) > right:
            self._say("! " + _("The range has more lines or columns than there are from here on. Nothing was pasted."))
            return
        self._enter(
            {
                PlanCell(table.posts[grid.line + at][0], table.columns[grid.column + column][0]): text
                for at, row in enumerate(rows)
                for column, text in enumerate(row)
                if tidy(text) not in ("", "-", "–")
            }
        )
        self._entered()

    def _take_named(self, read: PlanSheet) -> bool:
        """Enter the targets of a sheet by its names: all, or none where something is not understood."""
        if read.problems:
            lines = [at_place(place, why) for place, why in sorted(read.problems)]
            more = ["…"] if len(lines) > PROBLEMS_SHOWN else []
            self._say("! " + _("Nothing was entered.") + "\n" + "\n".join([*lines[:PROBLEMS_SHOWN], *more]))
            return False
        self._typed |= read.targets  # their columns are there only then
        self.renew()
        self._enter(read.targets)
        self._entered()
        return True

    def _entered(self) -> None:
        self._keep_typed()
        self._show()
        self._say(f"! {self._why_unkept}" if self._why_unkept else "")

    # keys ---------------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save all cells together; for those that are taken out the reason is asked."""
        if not self._typed:
            self._say(_("Nothing was changed."))
        elif any(not tidy(text) for text in self._typed.values()):
            self.app.push_screen(OneText(_("Why are plans taken out?")), self._save_with)
        else:
            self._save("")

    def _save_with(self, reason: str | None) -> None:
        if reason:
            self._save(reason)

    def _save(self, reason: str) -> None:
        try:
            saved = plans.save_plans(
                self.store, self._period.first, self._period.last, self._typed,
                reason=reason, confirm=self._asked == self._typed,
            )  # fmt: skip
        except NeedsConfirmation as question:
            self._asked = dict(self._typed)
            self._go_to(question.cells if isinstance(question, PlansAsked) else ())
            self._say("? " + _("{question} F2 again says yes.").format(question=str(question)))
            return
        except FieldappError as error:
            self._go_to(error.cells if isinstance(error, PlansRefused) else ())
            self._say(f"! {error}")
            return
        self._typed, self._asked = {}, None
        self._keep_typed()
        self.renew()
        self._say("")
        self.notify("✓ " + counted("{n} plan saved.", "{n} plans saved.", saved), markup=False)

    def _go_to(self, cells: Iterable[PlanCell]) -> None:
        """Choose the first of the cells."""
        assert self._table is not None
        posts = [post for post, _name in self._table.posts]
        aims = [aim for aim, _words in self._table.columns]
        cell = next(iter(cells), None)
        if cell is not None:
            self.query_one(CellGrid).choose(posts.index(cell.post_id), aims.index(cell.aim))
            self._choose()

    def action_narrow(self) -> None:
        """Choose another period, or a further column."""
        assert self._table is not None
        here = {aim for aim, _words in self._table.columns}
        periods = [(period, period.title) for period in _periods(wall.today())]
        further = [aim for aim in plans.aims_to_choose(self.store) if aim not in here]
        named = [(aim, plans.aim_words(self.store, aim).title) for aim in further]

        def chosen(value: Period | Aim | None) -> None:
            if isinstance(value, Period):
                self._keep_typed()
                self._period, self._more = value, []
                self._restore()
            elif value is not None:
                self._more.append(value)
            if value is not None:
                self.renew()
                if isinstance(value, Aim):
                    self._go_to([PlanCell(None, value)])
                self._say("")

        title = _("Which period, or which further measure?")
        self.app.push_screen(PlanFinder(title, [(_("Period"), periods), (_("Measure"), named)]), chosen)

    def action_copy(self) -> None:
        """Enter the plans of the same period of the year before where there is none."""
        assert self._table is not None
        before = year_before(self._period)
        there = plans.stored_plans(self.store, before.first, before.last)
        state = self._table.states
        new = {
            cell: format_amount(row["target"], plans.aim_words(self.store, cell.aim).decimals)
            for cell, row in there.items()
            if cell not in self._typed
            and (cell not in state or state[cell].target is None)
            and cell.post_id in {post for post, _name in self._table.posts}
        }
        if not new:
            self._say(_("There is nothing of {period} that is not planned here already.").format(period=before.title))
            return
        self._more = [*dict.fromkeys([*self._more, *(cell.aim for cell in new)])]
        self._typed |= new
        self._keep_typed()
        self.renew()
        cells = counted("{n} cell", "{n} cells", len(new))
        self._say(_("{cells} as in {period}. F2 saves them.").format(cells=cells, period=before.title))

    def action_from_sheet(self) -> None:
        """Choose a file whose targets are entered here."""

        def chosen(path: Path | None) -> None:
            if path is None:
                return
            try:
                read = plan_matrix.read_plan_sheet(self.store, path)
            except FieldappError as error:
                self._say(f"! {error}")
                return
            if self._take_named(read):
                cells = counted("{n} cell", "{n} cells", len(read.targets))
                text = _("{cells} entered from {file}. F2 saves them.").format(cells=cells, file=brief_text(path.name))
                other = read.other_period(self._period.first, self._period.last)
                self._say("\n".join([text, *([f"? {other}"] if other else []), *read.notes[:PROBLEMS_SHOWN]]))

        self.app.push_screen(PlanFileScreen(), chosen)

    def action_split(self) -> None:
        """Show the plans alone, or with what was done, percent and forecast."""
        self._alone = not self._alone
        self._show()

    def action_plans_file(self) -> None:
        """Write what is shown into a workbook."""
        from fieldapp.reports.files.plans import plans_xlsx

        assert self._table is not None
        name = f"ke-hoach_{self._period.first:%Y%m%d}-{self._period.last:%Y%m%d}"
        try:
            said = hand_over(self.app, MadeFile(name, "xlsx", plans_xlsx(self._table)))
        except FieldappError as error:
            self._say(f"! {error}")
            return
        self._say(f"✓ {said}")

    # what was typed is kept ---------------------------------------------------------------------------------------

    def keep(self) -> None:
        self._keep_typed()

    @property
    def unkept(self) -> bool:
        """What was typed could not be kept."""
        return bool(self._why_unkept)

    def on_unmount(self) -> None:
        if self.app.readable is not None:
            self._keep_typed()

    def action_back(self) -> None:
        """Go back; what was typed and not saved is there the next time."""
        self._keep_typed()
        if self._why_unkept and self._typed != self._leaves:
            self._leaves = dict(self._typed)
            self._say(f"! {self._why_unkept} {_('Nothing of this is kept. Esc again leaves.')}")
            return
        if self._typed and not self._why_unkept:
            cells = counted("{n} cell", "{n} cells", len(self._typed))
            text = _("{cells} not saved yet: they are kept here for the next time.").format(cells=cells)
            self.app.notify(text, markup=False)
        super().action_back()

    def _keep_typed(self) -> None:
        kept = self._kept()
        kept.pop(self._key, None)
        if self._typed:
            kept[self._key] = [[cell.post_id, *cell.aim, text] for cell, text in self._typed.items()]
        text = json.dumps(kept, ensure_ascii=False)
        self._why_unkept = ""
        try:
            if text != (self.store.setting(BEGUN, "{}") or "{}"):
                self.store.set_setting(BEGUN, text)
        except FieldappError as error:
            self._why_unkept = str(error)

    def _restore(self) -> None:
        """Take what was typed for this period and not saved."""
        self._typed = {
            PlanCell(post, Aim(measure, kind, indicator)): text
            for post, measure, kind, indicator, text in self._kept().get(self._key, [])
        }

    def _kept(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.setting(BEGUN, "{}") or "{}")
        return found

    @property
    def _key(self) -> str:
        return f"{self._period.first}/{self._period.last}"


class PlanFinder(PeriodFinder):
    """Periods and measures."""

    HELP = "Type a period such as 2027, 2027-Q1 or 2027-11, or a word of a measure."
    ASKS = "a period such as 2027 or 2027-Q1, or a word of a measure"


class PlanFileScreen(SheetFileScreen):
    """Choose the file whose targets are entered; dismisses with its path."""

    HELP = "Posts in lines and measures in columns, or the other way round. Nothing is saved before F2 on the plans."

    def __init__(self) -> None:
        super().__init__(plans.PLAN)

    def take(self, path: Path) -> None:
        """Dismiss with the file."""
        self.dismiss(path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The list of imported sheets does not have those of plans."""
        return action != "batches"


def year_before(period: Period) -> Period:
    """The same period of the year before."""
    first = _year_less(period.first)
    whole = period.last == last_of_month(period.last)
    last = _year_less(period.last.replace(day=1)) if whole else _year_less(period.last)
    return Period(first, last_of_month(last) if whole else last)


def _year_less(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _periods(today: date) -> list[Period]:
    """The years around today, then the parts of this and the next year."""
    years = [today.year, today.year + 1, today.year - 1]
    parts = [f"{year}-{part}" for year in years[:2] for part in ("Q1", "Q2", "Q3", "Q4", "H1", "H2", *range(1, 13))]
    return [period_of(text, today) for text in (*map(str, years), *parts)]
