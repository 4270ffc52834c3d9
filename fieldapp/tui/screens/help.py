"""F1: what the screen is for, and every key that works on it now."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from fieldapp.i18n import _
from fieldapp.tui.screens.base import Dialog

GENERAL = (
    "Dates: 5, 5/11, 051126, hn (today), hq (yesterday). Amounts: 2.100, 73,4, 70tr, 1,5 triệu.",
    "Search without diacritics: “ea sup” finds Ea Súp.",
    "No input method on the machine? F12 in a text field: Telex or VNI of this program. Ctrl+Z takes a word back.",
    "Ctrl+P goes to any book or form by its name, Ctrl+L locks the screen, Ctrl+Q quits.",
    "Nothing typed is lost: an unfinished form is kept as a draft and offered on the first screen.",
)


class HelpScreen(Dialog):
    """The keys of ``screen``."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        app = screen.app
        self._keys = dict.fromkeys(
            (app.get_key_display(active.binding), active.binding.description)
            for active in screen.active_bindings.values()
            if active.binding.description and active.binding.show
        )
        self._about = str(getattr(screen, "HELP", ""))

    def compose(self) -> ComposeResult:
        lines = [_(self._about), ""] if self._about else []
        lines += [f"{key:<10} {what}" for key, what in self._keys]
        lines += ["", *map(_, GENERAL)]
        with VerticalScroll(id="box"):
            yield Static(Content(_("Help")), classes="section")
            yield Static(Content("\n".join(lines)))
        yield Footer(show_command_palette=False, compact=True)
