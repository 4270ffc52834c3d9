"""F1: every key that works on the screen now, and what the guide says about the screen."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from fieldapp.i18n import _
from fieldapp.tui import guide
from fieldapp.tui.key_grammar import EVERYWHERE, ON_PAGES
from fieldapp.tui.screens.base import Dialog, Page
from fieldapp.tui.widgets.footer import KeyFooter


class HelpScreen(Dialog):
    """The keys of ``screen``, and the sections of the guide about it."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        everywhere = EVERYWHERE | (ON_PAGES if isinstance(screen, Page) and self.app.readable else set())
        self._keys = dict.fromkeys(
            (self.app.get_key_display(active.binding), active.binding.description)
            for active in screen.active_bindings.values()
            if active.binding.description and (active.binding.show or active.binding.key in everywhere)
        )
        store = self.app.readable
        at_hq = store is not None and store.identity.role == "hq"
        self._sections = guide.guide_for(type(screen).__name__, at_hq=at_hq)
        self._about = "" if len(self._sections) > 1 else str(getattr(screen, "HELP", None) or "")

    def compose(self) -> ComposeResult:
        lines = [_(self._about), ""] if self._about else []
        lines += [f"{key:<10} {what}" for key, what in self._keys]
        with VerticalScroll(id="box"):
            yield Static(Content(_("Help")), classes="section")
            yield Static(Content("\n".join(lines)))
            for section in self._sections:
                yield Static(Content("\n" + section.title), classes="section")
                yield Static(Content(section.text))
        yield KeyFooter()
