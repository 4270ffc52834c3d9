"""Write the report into a file: choose the sort of file and its folder."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted
from fieldapp.reports.files.write import Form, report_bytes, write_report
from fieldapp.reports.letterhead import LayoutCode, issue, letterhead
from fieldapp.reports.query import Query
from fieldapp.store import wall
from fieldapp.tui.files import documents
from fieldapp.tui.screens.base import Chooser, Page
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean


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


BYTES = "application/octet-stream"
"""The type of a file that no browser opens by itself"""


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


class FolderField(TextField):
    """The folder to write into; what is typed first replaces the one that is offered."""

    VIETNAMESE = False
    OVERWRITES = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Write the file"), key_display="Enter")]


class ReportFileScreen(Page):
    """Choose a sort of file; Enter writes it into the folder, never over a file that is there. In a browser it goes to
    the browser, which puts it where it puts what is downloaded."""

    WRITES = True
    DELIVERED = True
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
        if self.app.is_web:
            yield Static(Content(_("The file goes to this browser, among what is downloaded.")), classes="line")
        else:
            yield Static(Content(_("Into the folder:")), classes="line")
            yield FolderField(str(documents()), stays=True, id="folder")
        yield Static(id="said", classes="line", markup=False)

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
        self.query_one("#letter", Static).update(
            Content(said.format(issuer=head.issuer or "…", number=number, day=day) if written else "")
        )
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

    def action_other(self) -> None:
        """Go from the sorts to the folder, or back."""
        self.focus_next()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._begin(SORTS[event.option_index])

    def on_input_submitted(self, _event: TextField.Submitted) -> None:
        self._begin(self._sort)

    def _begin(self, sort: Sort) -> None:
        if self.busy:
            return
        self.busy = True
        self._say("… " + _("Writing"))
        if self.app.is_web:
            self._deliver(sort)
        else:
            self._write(sort, Path(clean(self.query_one(TextField).text)))

    @work(thread=True)
    def _deliver(self, sort: Sort) -> None:
        """Send the file to the browser that shows this screen."""
        try:
            with self.store.reopen() as store:
                data = report_bytes(
                    store, self._query, sort.form, layout=sort.layout, annexed=self._annexed, photos=self._photos
                )
        except FieldappError as error:
            line = f"! {error}"
        else:
            name = f"{_name(self._query, sort)}.{sort.form}"
            # the length goes along as the name: so the browser sees whether the file is whole
            send = partial(self.app.deliver_binary, save_filename=name, mime_type=BYTES, name=str(len(data)))
            self.app.call_from_thread(send, BytesIO(data))
            line = "✓ " + _("{name} goes to the browser. It is not encrypted: protect it like a paper copy.").format(
                name=name
            )
        self.app.call_from_thread(self._done, line)

    @work(thread=True)
    def _write(self, sort: Sort, folder: Path) -> None:
        store = self.store.reopen()
        try:
            path = _free(folder, self._query, sort)
            write_report(
                store, self._query, sort.form, path, layout=sort.layout, annexed=self._annexed, photos=self._photos
            )
            line = "✓ " + _("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=path)
        except FieldappError as error:
            line = f"! {error}"
        finally:
            store.close()
        self.app.call_from_thread(self._done, line)

    def _done(self, line: str) -> None:
        self.busy = False
        self._say(line)

    def _say(self, line: str) -> None:
        self.query_one("#said", Static).update(Content(line))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The screen cannot be left while the file is written; there is no folder for what goes to a browser."""
        return not (self.busy and action == "back") and not (action == "other" and self.app.is_web)


def _free(folder: Path, query: Query, sort: Sort) -> Path:
    """A path in the folder that no file has yet."""
    return free_path(_name(query, sort), sort.form, folder)


def _name(query: Query, sort: Sort) -> str:
    """What a report's file is called, without the ending."""
    period = f"{query.period.first:%Y%m%d}-{query.period.last:%Y%m%d}"
    return f"bao-cao_{period}{'_dang' if sort.layout == 'party' else ''}"


def free_path(name: str, form: str, folder: Path | None = None) -> Path:
    """A path in the folder, else among the documents, that no file has yet."""
    folder = documents() if folder is None else folder
    number, path = 1, folder / f"{name}.{form}"
    while os.path.exists(path):  # noqa: PTH110 — Path.exists raises for a name that is too long
        number += 1
        path = folder / f"{name}_{number}.{form}"
    return path
