"""One record: what it says, what headquarters has of it, and its history."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import history, records, view
from fieldapp.sync import exchange
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.menu import writable
from fieldapp.tui.widgets.text_field import TextField

LABEL_WIDTH = 22


class ReasonField(TextField):
    """Why a record is voided."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Void"), key_display="Enter")]


class RecordScreen(Page):
    """Shows one record of any kind."""

    AUTO_FOCUS = ""  # else what is typed would go into the reason, which nobody sees yet
    HELP = "One record with its history. F2 changes it, F8 voids it: it leaves all lists and figures, never the store."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "change", _("Change")),
        Binding("f8", "void", _("Void")),
        Binding("down,pagedown", "scroll(1)", _("Scroll"), key_display="↑↓"),
        Binding("up,pageup", "scroll(-1)", _("Up"), show=False),
    ]

    def __init__(self, row_id: str) -> None:
        super().__init__()
        self._record_id = row_id

    def body(self) -> ComposeResult:
        yield Static(id="title", classes="section", markup=False)
        with VerticalScroll(can_focus=False):
            yield Static(id="fields", classes="line", markup=False)
            yield Static(Content(_("History")), classes="section")
            yield Static(id="history", classes="line", markup=False)
        with Vertical(id="void-line"):
            yield Static(Content(_("Why is it voided? Enter voids it, Esc keeps it.")))
            yield ReasonField(stays=True, id="reason")
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        found = records.get(self.store, self._record_id)
        self._kind = found.kind
        self._open = found.row["voided_at"] is None
        title = _(records.model_of(found.kind).TITLE)
        if exchange.received(self.store, [self._record_id]):
            state = f"✓ {_('headquarters has it')}"
        else:
            state = f"· {_('headquarters does not have it yet')}"
        self._update("#title", f"{title}   {state}")
        self.query_one("#fields", Static).update(_in_columns(view.describe(self.store, found)))
        steps = history.history(self.store, self._record_id)
        self._update("#history", "\n".join(history.history_lines(self.store, steps)))
        self.refresh_bindings()

    def _update(self, where: str, text: str) -> None:
        self.query_one(where, Static).update(Content(text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer changing and voiding only where they may be done."""
        if action not in ("change", "void") or not hasattr(self, "_kind"):
            return True
        return self._open and writable(self.store, records.model_of(self._kind))

    def action_scroll(self, step: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=5 * step, animate=False)

    def action_change(self) -> None:
        """Open the form on this record."""
        from fieldapp.tui.screens.form import FormScreen

        self.app.push_screen(FormScreen(self._kind, self._record_id))

    def action_void(self) -> None:
        """Ask for the reason, in the page."""
        self.query_one("#void-line").add_class("-shown")
        self.query_one("#reason").focus()

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        try:
            records.void(self.store, self._record_id, event.value)
        except FieldappError as error:
            self._update("#message", str(error))
            return
        self._close_void()
        self.on_screen_resume()

    def action_back(self) -> None:
        """Leave the reason alone, or go back."""
        if self.query_one("#void-line").has_class("-shown"):
            self._close_void()
        else:
            super().action_back()

    def _close_void(self) -> None:
        self.query_one("#void-line").remove_class("-shown")
        self.query_one(TextField).value = ""
        self.set_focus(None)
        self._update("#message", "")


def _in_columns(lines: Sequence[tuple[str, str]]) -> Table:
    """Titles left, texts right; a long text goes on below itself."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=LABEL_WIDTH)
    table.add_column(ratio=1)
    for title, text in lines:
        table.add_row(Text(title), Text(text))
    return table
