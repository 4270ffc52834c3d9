"""Ctrl+P: go anywhere by its name."""

from collections.abc import Callable

from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _
from fieldapp.records.records import writable
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui import themes
from fieldapp.tui.host import Host
from fieldapp.tui.screens.finder import Finder
from fieldapp.tui.screens.menu import by_use

Place = Callable[[Host], None]
"""Goes to the place, or does what its name says"""


class Palette(Finder):
    """Dismisses with the place, or None."""

    HELP = "Type a word of where you want to go, without diacritics if you like."

    def __init__(self, store: Store) -> None:
        super().__init__(_("Go to"), [("", _places(store))])


def _places(store: Store) -> list[tuple[Place, str]]:
    """(place, name) of everything that can be reached: forms, lists, other screens and settings."""

    def book(kind: str) -> Place:
        def go(app: Host) -> None:
            from fieldapp.tui.screens.list import ListScreen

            app.push_screen(ListScreen(kind))

        return go

    def form(kind: str) -> Place:
        def go(app: Host) -> None:
            from fieldapp.tui.screens.form import open_form

            open_form(app, kind)

        return go

    places = [(form(m.KIND), f"{_('Write')} › {_(m.TITLE)}") for m in by_use(RECORDS) if writable(store, m)]
    places += [(book(m.KIND), f"{_('Books')} › {_(m.PLURAL)}") for m in by_use(RECORDS) if m.TOP]
    places.append((_key_again, _("Key again, blind: second look")))
    places += [(_report, _("Report")), (_bars, _("Bars")), (_usb, _("USB")), (_decide, _("To decide"))]
    if store.identity.role == "hq":
        places += [(_review, _("Review")), (_posts, _("Posts: who is missing"))]
    places += [(_lock(store), _("Lock the screen (Ctrl+L)")), (_passphrase(store), _("New passphrase"))]
    places += [(_colours(name), f"{_('Colours')} › {title}") for name, title in themes.titles().items()]
    return [*places, (_people, _("Who uses this laptop"))]


def _decide(app: Host) -> None:
    from fieldapp.tui.screens.conflicts import ConflictsScreen

    app.push_screen(ConflictsScreen())


def _key_again(app: Host) -> None:
    from fieldapp.tui.screens.double_entry import choose_kind

    choose_kind(app)


def _review(app: Host) -> None:
    from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

    app.push_screen(ReviewOverviewScreen())


def _posts(app: Host) -> None:
    from fieldapp.tui.screens.coverage import CoverageScreen

    app.push_screen(CoverageScreen())


def _report(app: Host) -> None:
    from fieldapp.tui.screens.report import ReportScreen

    app.push_screen(ReportScreen())


def _bars(app: Host) -> None:
    from fieldapp.reports.query import Query, period_of
    from fieldapp.tui.screens.dashboard import DashboardScreen

    today = wall.today()
    app.push_screen(DashboardScreen(Query(period_of(str(today.year), today), today=today)))


def _usb(app: Host) -> None:
    from fieldapp.tui.screens.sync import SyncScreen

    app.push_screen(SyncScreen())


def _lock(store: Store) -> Place:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.lock import LockScreen

        app.push_screen(LockScreen(store.home))

    return go


def _colours(name: str) -> Place:
    def go(app: Host) -> None:
        app.take_theme(name)

    return go


def _passphrase(store: Store) -> Place:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.people import PassphraseScreen

        def done(sentence: str | None) -> None:
            if sentence:
                app.notify(sentence, markup=False)

        app.push_screen(PassphraseScreen(store), done)

    return go


def _people(app: Host) -> None:
    from fieldapp.tui.screens.people import PeopleScreen

    app.push_screen(PeopleScreen())
