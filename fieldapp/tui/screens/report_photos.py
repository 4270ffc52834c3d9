"""Which photographs go into the annex of the report?"""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.records import attachments
from fieldapp.reports.photographs import MOST, Offered, offered
from fieldapp.reports.query import Query
from fieldapp.tui.screens.base import MARK, MarkList, Page
from fieldapp.tui.widgets.picture import Picture


class ReportPhotosScreen(Page):
    """The photographs of the records that the report counts; those that are marked go into its annex."""

    HELP = "Enter marks a photograph for the report's annex, F6 all or none. Esc goes back to the report."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f6", "all", _("All"))]

    def __init__(self, query: Query, marked: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._query = query
        self._marked = set(marked)
        self._offered: list[Offered] = []

    def body(self) -> ComposeResult:
        yield Static(id="title", classes="section", markup=False)
        with Horizontal(id="files-and-picture"):
            yield MarkList(id="files", markup=False)
            yield Picture(id="picture")
        yield Static(id="about", classes="line", markup=False)

    def on_mount(self) -> None:
        self.query_one("#files").focus()

    def renew(self) -> None:
        self._offered = offered(self.store, self._query)
        self._marked &= {one.attached.id for one in self._offered}
        listed = self.query_one("#files", OptionList)
        at = listed.highlighted or 0
        listed.clear_options()
        listed.add_options([Option(self._line(one)) for one in self._offered])
        listed.highlighted = min(at, len(self._offered) - 1) if self._offered else None
        self._title()
        if not self._offered:
            nothing = _("No record of this report has a photograph that is here. F7 at a record attaches some.")
            self.query_one("#about", Static).update(Content(nothing))

    def _title(self) -> None:
        marked = counted("{n} marked", "{n} marked", len(self._marked))
        self.query_one("#title", Static).update(Content(f"{_('Photographs for the annex')} · {marked}"))

    def _line(self, one: Offered) -> Content:
        sign = MARK if one.attached.id in self._marked else " "
        return Content(f"{sign} {display_path(one.attached.name)}\n    {brief_text(one.title)}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        one = self._offered[event.option_index]
        self.query_one("#about", Static).update(Content(one.title))
        self._draw(one)

    @work(thread=True, exclusive=True, group="picture")
    def _draw(self, one: Offered) -> None:
        try:
            small = attachments.thumbnail(self.store, one.attached)
        except (FieldappError, RuntimeError):  # damaged, or locked meanwhile: it is told when the report is made
            small = None
        self.app.call_from_thread(self._drawn, one, small)

    def _drawn(self, one: Offered, small: bytes | None) -> None:
        at = self.query_one("#files", OptionList).highlighted if self.is_mounted else None
        if at is not None and self._offered[at] == one:
            self.query_one(Picture).show(small)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        one = self._offered[event.option_index]
        if one.attached.id in self._marked:
            self._marked.remove(one.attached.id)
        elif len(self._marked) < MOST:
            self._marked.add(one.attached.id)
        listed = self.query_one("#files", OptionList)
        listed.replace_option_prompt_at_index(event.option_index, self._line(one))
        self._title()
        listed.action_cursor_down()

    def action_all(self) -> None:
        """Mark all that are listed, or none."""
        every = [one.attached.id for one in self._offered[:MOST]]
        self._marked = set() if self._marked.issuperset(every) else set(every)
        self.renew()

    def action_back(self) -> None:
        """Go back with what is marked."""
        self.dismiss(frozenset(self._marked))
