"""Home: what must I do?"""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.dates import format_date_long
from fieldapp.i18n import _
from fieldapp.records.kinds import model_of
from fieldapp.store import wall
from fieldapp.tui.screens.todo_sort import TodoPage
from fieldapp.tui.widgets.header import HeaderLine
from fieldapp.tui.widgets.lines import put
from fieldapp.tui.widgets.todo_list import TodoLines
from fieldapp.work import desk, month_counts, notices
from fieldapp.work.todo import Todo

MOST_PLANS = 4
FULL_HEIGHT, FEW_KINDS = 24, 3
"""In fewer rows than these fewer kinds are counted: what is to be done goes first"""
BAR = 12
"""Columns of a full bar"""


class HomeScreen(TodoPage):
    """What is late, broken, missing or ends soon, unfinished forms, and what was recorded of two months."""

    CHANGES = TodoPage.CHANGES | {"write", "usb"}
    ALSO = frozenset({"palette", "search", "report", "usb"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "write", _("Add")),
        Binding("f4", "books", _("Book")),
        Binding("f6", "meetings", _("Cells")),
        Binding("f6", "posts", _("Post")),
        Binding("f7", "review", _("Desk")),
        Binding("escape", "leave", _("End"), key_display="Esc"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._due: list[Todo] = []
        self._replies: list[Todo] = []
        """What is done last at headquarters, after the review"""
        self._to_review: list[Todo] | None = None
        """Only at headquarters. Counted in a thread, because it takes long if there are many records"""

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield TodoLines()
        with Vertical(id="month"):
            yield Static(id="counts", markup=False)
            yield Static(id="plan", markup=False)

    def renew(self) -> None:
        today = wall.today()
        state = self.query_one(HeaderLine).state
        self._due = [
            *notices.exchange_todo(state, self.store.role),
            *self.store.cached_until_changed("to do", lambda: desk.everything(self.store, today)),
        ]
        put(self.query_one("#what", Static), f"{_('To do')}   {format_date_long(today)}")
        self._replies = self.store.cached_until_changed("replies", lambda: desk.unwritten_replies(self.store))
        self._list_todo()
        plan, plans = self.query_one("#plan", Static), list(self._plan(today))
        room = month_counts.MAX_KINDS if self.app.size.height >= FULL_HEIGHT else FEW_KINDS
        put(self.query_one("#counts", Static), self._counts(today, max(room - len(plans), 1)))
        put(plan, "\n".join(plans))
        plan.display = bool(plans)
        if self.store.role == "hq":
            self.look_up(notices.TO_REVIEW, notices.to_review, self._show_to_review)

    def _list_todo(self) -> None:
        counting = self._to_review is None and self.store.role == "hq"
        nothing = "" if counting else f"✓ {_('Nothing is open.')}"
        self.query_one(TodoLines).show([*self._due, *(self._to_review or []), *self._replies], nothing)

    def _show_to_review(self, found: notices.ToReview) -> None:
        lines = notices.review_line(found)
        if lines != self._to_review:
            self._to_review = lines
            self._list_todo()

    def _counts(self, today: date, most: int) -> str:
        counts = self.store.cached_until_changed("month", lambda: month_counts.month_counts(self.store, today))
        counted = counts[:most]
        months = f"{month_counts.month_before(today):%m/%Y}", f"{today:%m/%Y}"
        if not counted:
            return _("Nothing recorded yet in {month}").format(month=months[1])
        lines = [_columns(_("Records of the month"), *months)]
        for of in counted:
            later = _("+ {n} of later months").format(n=format_amount(of.later)) if of.later else ""
            sent_back = (
                _("{n} of them returned, not counted").format(n=format_amount(of.returned)) if of.returned else ""
            )
            number = _columns(_(model_of(of.kind).PLURAL), format_amount(of.before), format_amount(of.number))
            lines.append("  ".join(filter(None, (number, later, sent_back))))
        return "\n".join(lines)

    def _plan(self, today: date) -> Iterator[str]:
        """The progress of the plans in force: one line with a bar for each."""
        plans = month_counts.plans_on(self.store, today)[:MOST_PLANS]
        if not plans:
            return
        from fieldapp.reports.query import Period, Query
        from fieldapp.reports.report import plan_progress

        for made in plan_progress(self.store, Query(Period(today, today), today=today), plans):
            full = min(made.percent, 100) * BAR // 100
            yield f"{made.title[:30]:<31}{'█' * full:<{BAR}} {made.text}"

    def action_leave(self) -> None:
        """Quit on the second press: getting in again costs a passphrase."""
        self._second.press("escape", self._asking(_("Esc again quits.")), self.app.exit, may_be_held=True)

    def action_write(self) -> None:
        """Choose what to record, then open its form."""
        self.app.choose_way(_("What to record?"), "write")

    def action_books(self) -> None:
        """Choose a kind, then open its list."""
        self.app.choose_way(_("Which book to open?"), "look")

    def action_meetings(self) -> None:
        """Open the list of cell meetings."""
        self._list("meeting")

    def action_review(self) -> None:
        """Look at what the posts recorded."""
        from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

        self.app.push_screen(ReviewOverviewScreen())

    def action_posts(self) -> None:
        """Show which posts are missing."""
        from fieldapp.tui.screens.coverage import CoverageScreen

        self.app.push_screen(CoverageScreen())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Posts record meetings; headquarters reviews, and sees who is missing."""
        at_hq = self.store.role == "hq"
        if action in ("review", "posts", "meetings"):
            return at_hq == (action != "meetings")
        return super().check_action(action, parameters)

    def _list(self, kind: str) -> None:
        from fieldapp.tui.screens.list import ListScreen

        self.app.push_screen(ListScreen(kind))


def _columns(name: str, before: str, now: str) -> str:
    return f"{name:<30}{before:>9}{now:>9}"
