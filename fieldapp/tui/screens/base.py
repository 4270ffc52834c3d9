"""What all screens share: the header and the footer, and the open replica."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer

from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.widgets.header import HeaderLine

if TYPE_CHECKING:
    from fieldapp.tui.app import FieldApp


class Page(Screen[Any]):
    """A whole screen: header, ``body``, footer. Esc goes back one step."""

    HELP: ClassVar[str] = ""
    """English message: which question the screen answers"""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", _("Back"), key_display="Esc")]

    @property
    def store(self) -> Store:
        """The open replica."""
        return cast("FieldApp", self.app).store

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield from self.body()
        yield Footer(show_command_palette=False, compact=True)

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    def on_screen_resume(self) -> None:
        self.query_one(HeaderLine).refresh_state()
        self.renew()

    def renew(self) -> None:
        """Read anew what is shown: something may have been recorded on another screen."""

    def action_back(self) -> None:
        """Go back one step."""
        self.dismiss(None)


class Dialog(ModalScreen[Any]):
    """A small window over a screen; Esc closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", _("Back"), key_display="Esc"),
        Binding("f1", "app.help", _("Help")),
    ]

    def action_close(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
