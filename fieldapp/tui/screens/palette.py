"""Ctrl+P: go anywhere by its name."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.records import RECORDS
from fieldapp.domain.text import search_key
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.screens.menu import by_use, writable
from fieldapp.tui.widgets.text_field import TextField

Place = Callable[[], Screen[Any]]
"""Makes the screen to go to"""


class WordField(TextField):
    """Words of the place's name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Go there"), key_display="Enter"),
        Binding("down", "screen.move(1)", _("Choose"), key_display="↑↓"),
        Binding("up", "screen.move(-1)", _("Previous"), show=False),
    ]


class Palette(Dialog):
    """Typing filters, the arrows choose, Enter goes there. Dismisses with the place, or None."""

    HELP = "Type a word of where you want to go, without diacritics if you like."

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._places = _places(store)
        self._shown: list[Place] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(_("Go to")), classes="section")
            yield WordField(stays=True)
            places = OptionList(markup=False)
            places.can_focus = False
            yield places
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._filter("")

    def on_input_changed(self, event: TextField.Changed) -> None:
        self._filter(event.value)

    def _filter(self, typed: str) -> None:
        words = search_key(typed).split()
        found = [(name, place) for name, place in self._places if all(w in search_key(name) for w in words)]
        self._shown = [place for _name, place in found]
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(Content(f" {name}")) for name, _place in found])
        listed.highlighted = 0 if found else None

    def action_move(self, step: int) -> None:
        """Go up or down the list."""
        listed = self.query_one(OptionList)
        if listed.highlighted is not None:
            listed.highlighted = min(max(listed.highlighted + step, 0), len(self._shown) - 1)

    def on_input_submitted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._shown[at])


def _places(store: Store) -> list[tuple[str, Place]]:
    """(name, place) of every screen that can be gone to: lists, forms, report and USB."""

    def book(kind: str) -> Place:
        def make() -> Screen[Any]:
            from fieldapp.tui.screens.list import ListScreen

            return ListScreen(kind)

        return make

    def form(kind: str) -> Place:
        def make() -> Screen[Any]:
            from fieldapp.tui.screens.form import FormScreen

            return FormScreen(kind)

        return make

    places = [(f"{_('Write')} › {_(m.TITLE)}", form(m.KIND)) for m in by_use(RECORDS) if writable(store, m)]
    places += [(f"{_('Books')} › {_(m.PLURAL)}", book(m.KIND)) for m in by_use(RECORDS) if m.TOP]
    return [*places, (_("Report"), _report), (_("USB"), _usb)]


def _report() -> Screen[Any]:
    from fieldapp.tui.screens.report import ReportScreen

    return ReportScreen()


def _usb() -> Screen[Any]:
    from fieldapp.tui.screens.sync import SyncScreen

    return SyncScreen()
