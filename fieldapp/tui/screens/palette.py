"""Ctrl+P: go anywhere by its name."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.screens.finder import Finder
from fieldapp.tui.screens.menu import by_use, writable

Place = Callable[[], Screen[Any]]
"""Makes the screen to go to"""


class Palette(Finder):
    """Dismisses with the place, or None."""

    HELP = "Type a word of where you want to go, without diacritics if you like."

    def __init__(self, store: Store) -> None:
        super().__init__(_("Go to"), [("", _places(store))])


def _places(store: Store) -> list[tuple[Place, str]]:
    """(place, name) of every screen that can be gone to: lists, forms, report and USB."""

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

    places = [(form(m.KIND), f"{_('Write')} › {_(m.TITLE)}") for m in by_use(RECORDS) if writable(store, m)]
    places += [(book(m.KIND), f"{_('Books')} › {_(m.PLURAL)}") for m in by_use(RECORDS) if m.TOP]
    places += [(_report, _("Report")), (_usb, _("USB")), (_lock(store), _("Lock the screen (Ctrl+L)"))]
    return [*places, (_passphrase(store), _("New passphrase")), (_people, _("Who uses this laptop"))]


def _report() -> Screen[Any]:
    from fieldapp.tui.screens.report import ReportScreen

    return ReportScreen()


def _usb() -> Screen[Any]:
    from fieldapp.tui.screens.sync import SyncScreen

    return SyncScreen()


def _lock(store: Store) -> Place:
    def make() -> Screen[Any]:
        from fieldapp.tui.screens.lock import LockScreen

        return LockScreen(store.home)

    return make


def _passphrase(store: Store) -> Place:
    def make() -> Screen[Any]:
        from fieldapp.tui.screens.people import PassphraseScreen

        return PassphraseScreen(store)

    return make


def _people() -> Screen[Any]:
    from fieldapp.tui.screens.people import PeopleScreen

    return PeopleScreen()
