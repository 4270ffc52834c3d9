"""All things of one sort that must be done: the first screen has one line for them."""

from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.todo_list import TodoLines
from fieldapp.work import notices
from fieldapp.work import todo as work
from fieldapp.work.todo import Todo


class TodoSortScreen(Page):
    """Each line opens what it is about; what is done is no longer there afterwards."""

    HELP = "All lines of one sort. Enter opens what a line is about; what is done leaves the list."

    def __init__(self, sort: str) -> None:
        super().__init__()
        self._sort = sort
        self._todo: list[Todo] = []

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield TodoLines(whole=True)

    def renew(self) -> None:
        self._todo = [line for line in work.todo(self.store, wall.today()) if line.sort == self._sort]
        self.query_one("#what", Static).update(Content(work.many_text(self._sort, len(self._todo))))
        self.query_one(TodoLines).show(self._todo, f"✓ {_('Nothing is open.')}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        open_todo(self.app, self._todo[event.option_index])


def open_todo(app: Host, chosen: Todo) -> None:
    """Open what a line is about: a record, a form, a draft, or the screen for it."""
    app.push_screen(_screen_for(app, chosen))


def _screen_for(app: Host, chosen: Todo) -> Screen[Any]:
    if not chosen.kind:
        from fieldapp.tui.screens.sync import SyncScreen

        return SyncScreen()
    if chosen.kind == work.MANY:
        return TodoSortScreen(chosen.target)
    if chosen.kind == notices.UNRECEIVED:
        from fieldapp.tui.screens.search import SearchScreen

        return SearchScreen(state="unreceived")
    if chosen.kind == notices.DAY:
        from fieldapp.tui.screens.day import DayDialog

        return DayDialog()
    if chosen.kind == notices.REVIEW:
        from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

        return ReviewOverviewScreen()
    if chosen.kind == notices.POSTS:
        from fieldapp.tui.screens.coverage import CoverageScreen

        return CoverageScreen()
    if chosen.kind == notices.DECIDE:
        from fieldapp.tui.screens.conflicts import ConflictsScreen

        return ConflictsScreen()
    if chosen.target and not chosen.draft:
        from fieldapp.tui.screens.record import RecordScreen

        return RecordScreen(chosen.target)
    from fieldapp.tui.screens.form import FormScreen

    draft = next((d for d in app.store.drafts() if d.id == chosen.target), None)
    return FormScreen(chosen.kind, draft.row_id if draft else None, draft, initial=chosen.initial)
