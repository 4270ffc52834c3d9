"""Write the report into a file: choose the sort of file and its folder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.dates import format_date
from fieldapp.i18n import _, counted
from fieldapp.reports.files.write import Form, report_bytes
from fieldapp.reports.letterhead import LayoutCode, issue, letterhead
from fieldapp.reports.query import Query
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Chooser
from fieldapp.tui.screens.file_page import FilePage, Made, MadeFile
from fieldapp.tui.widgets.text_field import TextField


@dataclass(frozen=True)
class Sort:
    """A sort of file that can be chosen."""

    form: Form
    layout: LayoutCode
    title: Callable[[], str]


SORTS = (
    Sort("docx", "decree30", lambda: _("Word, letter of an office (Decree 30)")),
    Sort("docx", "party", lambda: _("Word, letter of the Party (Guide 36)")),
    Sort("pdf", "decree30", lambda: _("PDF, letter of an office (Decree 30)")),
    Sort("pdf", "party", lambda: _("PDF, letter of the Party (Guide 36)")),
    Sort("xlsx", "decree30", lambda: _("Excel: figures, tables, the records behind them")),
    Sort("html", "decree30", lambda: _("Page with charts, for a browser or a phone")),
)


class SortList(Chooser):
    """The sorts of file; the space bar adds the annex."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Write the file"), key_display="Enter"),
        Binding("space", "mark", _("Annex"), key_display="Space"),
    ]

    class Marked(Message):
        """The annex is to be added, or left out again."""

    def action_mark(self) -> None:
        """Add the annex, or leave it out."""
        self.post_message(self.Marked())


class ReportFileScreen(FilePage):
    """Choose a sort of file; Enter makes it."""

    CHANGES = frozenset({"change"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "change", _("Letterhead, number")),
        Binding("f4", "photographs", _("Photographs")),
        Binding("tab", "other", _("Sort or folder"), key_display="Tab"),
    ]

    def __init__(self, query: Query) -> None:
        super().__init__()
        self._query = query
        self._annexed = False
        self._photos: frozenset[str] = frozenset()
        """The ids of the photographs for the annex"""

    def body(self) -> ComposeResult:
        yield Static(Content(f"{_('REPORT ON RESULTS')}: {self._query.period.title}"), classes="section")
        yield SortList(*(Option(Content(f" {sort.title()}")) for sort in SORTS), id="sorts", markup=False)
        yield Static(id="letter", classes="line", markup=False)
        yield Static(id="annex", classes="line", markup=False)
        yield from self.where()

    def on_mount(self) -> None:
        self.query_one("#sorts", OptionList).highlighted = 0
        self.query_one("#sorts").focus()

    def renew(self) -> None:
        sort = self._sort
        own, head = issue(self.store, self._query, sort.layout), letterhead(self.store, sort.layout)
        number, day = own.number or "…", format_date(own.dated or wall.today())
        said = _("Letter: {issuer}, number {number}, of {day}.")
        annex = _("with the annex on where the figures come from") if self._annexed else _("without an annex")
        if self._photos:
            annex += f" · {counted('{n} photograph', '{n} photographs', len(self._photos))}"
        written = sort.form != "xlsx"
        told = said.format(issuer=head.issuer or "…", number=number, day=day)
        if not head.issuer:
            told += " " + _("F2: enter the body that issues it.")
        self.query_one("#letter", Static).update(Content(told if written else ""))
        self.query_one("#annex", Static).update(Content(f"{_('Annex')}: {annex}" if written else ""))

    @property
    def _sort(self) -> Sort:
        return SORTS[self.query_one("#sorts", OptionList).highlighted or 0]

    def on_option_list_option_highlighted(self) -> None:
        self.renew()

    def on_sort_list_marked(self) -> None:
        self._annexed = not self._annexed
        self.renew()

    def action_change(self) -> None:
        """Change the letterhead, the number and the day."""
        from fieldapp.tui.screens.letterhead import LetterheadScreen

        self.app.push_screen(LetterheadScreen(self._query, self._sort.layout))

    def action_photographs(self) -> None:
        """Choose photographs for the annex."""
        from fieldapp.tui.screens.report_photos import ReportPhotosScreen

        def chosen(ids: frozenset[str] | None) -> None:
            if ids is not None:
                self._photos = ids
                self.renew()

        self.app.push_screen(ReportPhotosScreen(self._query, self._photos), chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._begin(SORTS[event.option_index])

    def on_input_submitted(self, _event: TextField.Submitted) -> None:
        self._begin(self._sort)

    def _begin(self, sort: Sort) -> None:
        annexed, photos = self._annexed, self._photos

        def make(store: Store) -> Made:
            data = report_bytes(store, self._query, sort.form, layout=sort.layout, annexed=annexed, photos=photos)
            return Made([MadeFile(_name(self._query, sort), sort.form, data)])

        self.begin(make)


def _name(query: Query, sort: Sort) -> str:
    """What a report's file is called, without the ending."""
    period = f"{query.period.first:%Y%m%d}-{query.period.last:%Y%m%d}"
    return f"bao-cao_{period}{'_dang' if sort.layout == 'party' else ''}"
