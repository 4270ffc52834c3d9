"""Which day is it today? Asked where the machine's clock cannot be right."""

from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.dates import format_date_long, parse_date
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.sync.format import clock
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import tidy


class DayField(TextField):
    """The day; Enter takes it."""

    VIETNAMESE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("This day"), key_display="Enter")]


class DayDialog(Dialog):
    """Dismisses with True once somebody has said which day it is. A day that the clock does not show is asked twice."""

    WRITES = True

    def __init__(self) -> None:
        super().__init__()
        self._typed: date | None = None

    def compose(self) -> ComposeResult:
        doubt = clock.doubt(self.app.store)
        with Vertical(id="box"):
            yield Static(Content(_("Which day is it today?")), classes="section")
            yield Static(Content(doubt.sentence if doubt else ""), classes="line")
            yield Static(
                Content(_("Until it is said, the clock is not used, and nothing is exported.")), classes="line"
            )
            yield DayField(stays=True, id="day")
            yield Static(id="message", classes="problem", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(DayField).focus()

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        try:
            day = parse_date(tidy(event.value), wall.today())
            if day not in (self._typed, wall.shown_day()):
                self._typed = day
                self._say(_("{day}: Enter again, if that is today.").format(day=format_date_long(day)))
                return
            clock.confirm(self.app.store, day)
        except (ValueError, FieldappError) as error:
            self._say(str(error))
            return
        if day != wall.shown_day():
            self.app.notify(_("The program counts from this day. Set the laptop's clock too."), markup=False)
        self.dismiss(True)

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))
