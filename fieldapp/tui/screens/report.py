"""The figures of a year, as they stand now."""

from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fieldapp.i18n import _
from fieldapp.reports import figures, narrative
from fieldapp.tui.screens.base import Page


class ReportScreen(Page):
    """One year; the arrows go to others."""

    HELP = "The figures of a year, from the records that are here. Left and right change the year."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,pagedown", "scroll(1)", _("Scroll"), key_display="↑↓"),
        Binding("up,pageup", "scroll(-1)", _("Up"), show=False),
        Binding("left", "year(-1)", _("Year before"), key_display="←"),
        Binding("right", "year(1)", _("Year after"), key_display="→"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._year = date.today().year

    def body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(id="report", classes="line", markup=False)

    def renew(self) -> None:
        period = figures.Period(date(self._year, 1, 1), date(self._year, 12, 31))
        text = narrative.as_text(figures.report(self.store, period))
        self.query_one("#report", Static).update(Content(text))

    def action_scroll(self, step: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=5 * step, animate=False)

    def action_year(self, step: int) -> None:
        """Go to another year."""
        self._year = min(max(self._year + step, 1901), 9998)
        self.renew()
