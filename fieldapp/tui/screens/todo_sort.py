"""What pages of things to do share; and all things of one sort, for which the first screen has one line."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Page
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.todo_list import TodoLines, TodoList
from fieldapp.work import desk, notices
from fieldapp.work import todo as work
from fieldapp.work.todo import Todo

AGAIN_SECONDS = 20.0


class TodoPage(Page):
    """A page with lines of what must be done. Each line opens what it is about; a draft can be dropped too, and a
    refused bundle settled."""

    CHANGES = frozenset({"discard", "forget"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "discard", _("Drop the draft"), key_display="Del"),
        Binding("delete", "forget", _("Settled"), key_display="Del"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._second = SecondPress(AGAIN_SECONDS)

    @property
    def _todo(self) -> Sequence[Todo]:
        """The lines that are shown."""
        return next((lines.shown for lines in self.query(TodoLines)), ())

    def action_discard(self) -> None:
        """Delete the chosen draft on the second press."""
        chosen = self._chosen_draft

        def drop() -> None:
            self.store.drop_draft(chosen)
            self.renew()

        self._second.press(chosen, self._asking(_("Del again forgets this draft.")), drop)

    def action_forget(self) -> None:
        """No longer tell of the chosen refused bundle, on the second press."""
        chosen = self._chosen
        assert chosen is not None

        def forget() -> None:
            from fieldapp.sync.exchange import refused_bundles

            refused_bundles.dismiss(self.store, chosen.target)
            self.renew()

        asked = _("Del again: the bundle is settled, and told no more.")
        self._second.press(chosen.target, self._asking(asked), forget)

    def on_screen_suspend(self) -> None:
        super().on_screen_suspend()
        if self._second.asks:  # the question is of this page, and over
            self._second.forget()
            self.app.clear_notifications()

    def _asking(self, question: str) -> Callable[[], None]:
        """Shows the question for as long as it stands."""
        return lambda: self.notify(question, markup=False, timeout=AGAIN_SECONDS)

    @property
    def _chosen(self) -> Todo | None:
        """The highlighted line."""
        at = next((shown.highlighted for shown in self.query(TodoList)), None)
        return self._todo[at] if at is not None and at < len(self._todo) else None

    @property
    def _chosen_draft(self) -> str:
        """The draft of the highlighted line; empty for another line."""
        line = self._chosen
        return line.target if line is not None and line.draft else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a draft can be dropped, and only a refused bundle settled."""
        if action == "forget":
            return self._chosen is not None and self._chosen.kind == desk.REFUSED
        return action != "discard" or bool(self._chosen_draft)

    def on_option_list_option_highlighted(self) -> None:
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        open_todo(self.app, self._todo[event.option_index])


class TodoSortScreen(TodoPage):
    """Each line opens what it is about; what is done is no longer there afterwards."""

    HELP = "All lines of one sort. Enter opens what a line is about; what is done leaves the list."

    def __init__(self, sort: str) -> None:
        super().__init__()
        self._sort = sort

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield TodoLines(whole=True)

    def renew(self) -> None:
        lines = [line for line in desk.everything(self.store, wall.today()) if line.sort == self._sort]
        self.query_one("#what", Static).update(Content(work.many_text(self._sort, len(lines))))
        self.query_one(TodoLines).show(lines, f"✓ {_('Nothing is open.')}")
        self.refresh_bindings()


def open_todo(app: Host, chosen: Todo) -> None:
    """Open what a line is about: a record, a form, a draft, or the screen for it."""
    app.push_screen(_screen_for(app, chosen))


def _screen_for(app: Host, chosen: Todo) -> Screen[Any]:
    from fieldapp.tui.screens.sync import SyncScreen

    if chosen.kind in ("", desk.REPLIES):
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
    if chosen.kind in (desk.POSTS, desk.REFUSED):
        from fieldapp.tui.screens.coverage import CoverageScreen

        post = chosen.target if chosen.kind == desk.POSTS else desk.post_of_refused(app.store, chosen.target)
        return CoverageScreen(post) if post else SyncScreen()
    if chosen.kind == notices.DECIDE:
        from fieldapp.tui.screens.conflicts import ConflictsScreen

        return ConflictsScreen()
    if chosen.target and not chosen.draft:
        from fieldapp.tui.screens.record import RecordScreen

        return RecordScreen(chosen.target)
    from fieldapp.tui.screens.forms import form_of

    draft = next((d for d in app.store.drafts() if d.id == chosen.target), None)
    return form_of(chosen.kind, draft.row_id if draft else None, draft, initial=chosen.initial)
