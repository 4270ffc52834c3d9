"""Everything that can be done or gone to, under every word that people use for it: what F2, F4 and Ctrl+P search."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar, Literal

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType

from fieldapp.domain import lengths
from fieldapp.domain.model import Record
from fieldapp.domain.records import RECORDS
from fieldapp.i18n import LANGUAGES, _, everywhere
from fieldapp.packaged import PACKAGE
from fieldapp.records import lists
from fieldapp.records.records import writable
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui import themes
from fieldapp.tui.host import Host
from fieldapp.tui.keys import input_methods
from fieldapp.tui.screens.finder import Finder, Found, Group
from fieldapp.tui.screens.menu import by_use, section_title
from fieldapp.tui.widgets.scrolling import cut
from fieldapp.vietnamese.finding import FAR, nearest, nearness, words_found
from fieldapp.vietnamese.text import search_key

Go = Callable[[Host], None]
"""Goes to the place, or does what its name says"""
Sort = Literal["write", "look", "screen", "setting"]
MOST_NEAR = 8
"""Most ways that are offered where none has all that is typed"""
SORT_TITLES: dict[Sort, str] = {"write": "Write", "look": "Books", "screen": "Screens", "setting": "Settings"}

TITLES = {
    "search": "Find a record",
    "usb": "USB",
    "unreceived": "What headquarters has not received",
    "report": "Report",
    "bars": "Bars",
    "decide": "To decide",
    "key_again": "Key again, blind: second look",
    "review": "Review",
    "posts": "Posts: who is missing",
    "letterhead": "Letterhead of reports",
    "laptops": "Laptops: words to compare by telephone",
    "pack": "Pack for a post or a further laptop",
    "plans": "Plans of the posts",
    "papers": "Paper templates",
    "batches": "Imported sheets",
    "lock": "Lock the screen (Ctrl+L)",
    "passphrase": "New passphrase",
    "people": "Who uses this laptop",
    "help": "Help",
    "quit": "Quit",
}
"""Screen or setting -> its name"""


@dataclass(frozen=True)
class Way:
    """One thing that can be done, or one place."""

    sort: Sort
    name: str
    go: Go
    also_called: str = ""
    """Other words for it, with commas between"""
    heading: str = ""
    """Under which it stands while nothing is typed"""

    @property
    def line(self) -> str:
        """The name with its sort, as it is shown among others."""
        return f"{_(SORT_TITLES[self.sort])} › {self.name}"


class WayFinder(Finder):
    """Dismisses with what goes the chosen way, or with None.

    All ways are found from everywhere; ``first`` says which come first among those that fit equally.
    """

    HELP = "Type any word of what you want to do or see, in part and without diacritics if you like."
    ASKS = "any word: well, meeting, report, language …"
    NOTHING = "Nothing is called so. Here are kinds of activity, books, screens and settings; F3 finds records."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f3", "search", _("Find"))]

    def __init__(self, store: Store, title: str, first: Sort) -> None:
        self._in_order = sorted(ways(store), key=lambda way: way.sort != first)
        super().__init__(title, self._listed(first))

    def dismiss(self, result: Go | None = None) -> AwaitComplete:
        """Close it; what was chosen mostly opens another screen at once."""
        self.app.leads_on = result is not None and self.is_active
        return super().dismiss(result)

    def _listed(self, first: Sort) -> list[Group]:
        """What stands there while nothing is typed: the first sort under its headings, then screens and settings."""
        headings: dict[str, list[tuple[Go, str]]] = {}
        for way in self._in_order:
            own = way.sort == first
            if own or way.sort in ("screen", "setting"):
                heading = (way.heading or _(SORT_TITLES[way.sort])) if own else _("Screens and settings")
                headings.setdefault(heading, []).append((way.go, way.name))
        return list(headings.items())

    def found(self, typed: str) -> Sequence[Found]:
        """The ways that fit, the nearest first, then the search of all records for the same words."""
        if not search_key(typed):
            return super().found(typed)
        lines = nearest((_near(way, typed), way, way.line) for way in self._in_order) or self._with_some(typed)
        words = typed.strip()
        records = _("Find “{words}” among the records (F3)").format(words=cut(words, lengths.NAME))
        return [("", [(near, way.go, line) for near, way, line in lines]), ("", [(FAR, _search(words), records)])]

    def _with_some(self, typed: str) -> list[tuple[int, Way, str]]:
        """The ways with some of the typed words, those with most first, where none has all: “khoan thêm giếng” is not
        quite “Giếng khoan”."""
        number = {way: words_found(typed, way.name, way.also_called) for way in self._in_order}
        found = sorted((way for way in self._in_order if number[way]), key=lambda way: -number[way])
        return [(FAR - number[way], way, way.line) for way in found[:MOST_NEAR]]

    def action_search(self) -> None:
        """Search all records for what is typed."""
        self.dismiss(_search(self.typed.strip()))


def ways(store: Store) -> list[Way]:
    """All ways of this replica, those that are used most first within their sort."""
    return [*_writing(store), *_books(store), *_screens(store), *_settings(store)]


@cache
def _words() -> dict[str, str]:
    """Way -> other words for it, as they are shipped."""
    text = (PACKAGE / "data" / "way_words.csv").read_text(encoding="utf-8")
    return {line["way"]: line["also_called"] for line in csv.DictReader(io.StringIO(text))}


def _called(way: str, *names: str) -> str:
    """Other words: those of the way, and its names in every language."""
    return ", ".join([_words().get(way, ""), *(other for name in names for other in sorted(everywhere(name)))])


def _near(way: Way, typed: str) -> int | None:
    """How near a way is."""
    found = [
        near for text in _meant(typed, way.sort) if (near := nearness(text, way.name, way.also_called)) is not None
    ]
    return min(found, default=None)


@lru_cache(maxsize=16)
def _meant(typed: str, sort: Sort) -> set[str]:
    """What is typed, and the same without what people say before a name (“thêm đảng viên”, “đổi mật khẩu”): it need not
    be in the name."""
    said = {search_key(word) for word in _words()[sort].split(",")}
    rest = typed.split()
    while begins := next((n for n in (2, 1) if len(rest) > n and search_key(" ".join(rest[:n])) in said), 0):
        rest = rest[begins:]
    return {typed, " ".join(rest)}


def _written(store: Store) -> list[type[Record]]:
    """The kinds that are written here, those that are written most first."""
    return by_use(model for model in RECORDS if writable(store, model))


def _writing(store: Store) -> Iterator[Way]:
    models = _written(store)
    for model in models:
        called = _called(model.KIND, model.TITLE)
        go = _plans if model.KIND == "plan" else _form(model.KIND)
        yield Way("write", _(model.TITLE), go, called, section_title(model))
    if any(model.KIND == "activity" for model in models):
        for row in lists.activity_kinds(store):
            go = _form("activity", {"activity_kind_id": row["id"]})
            yield Way("write", row["name"], go, row["called"], _("Kinds of activity"))
    if models:
        yield Way("write", _("Many, one on each line"), _quick, _called("quick", "Many, one on each line"),
                  _("Quick entry"))  # fmt: skip
        yield Way("write", _("Many, from a sheet"), _sheet, _called("sheet", "Many, from a sheet"),
                  _("Quick entry"))  # fmt: skip


def _books(store: Store) -> Iterator[Way]:
    for model in by_use(RECORDS):
        if model.TOP:
            called = _called(model.KIND, model.PLURAL)
            yield Way("look", _(model.PLURAL), _book(model.KIND), called, section_title(model))
    for row in lists.activity_kinds(store):
        go = _book("activity", row["name"], {"activity_kind_id": row["id"]})
        yield Way("look", row["name"], go, row["called"], _("Kinds of activity"))


def _screens(store: Store) -> Iterator[Way]:
    places: dict[str, Go] = {"search": _action("app.search"), "usb": _action("app.usb")}
    if store.role == "post":
        places["unreceived"] = lambda app: app.show_unreceived()
    places |= {"report": _action("app.report"), "bars": _bars, "decide": _decide, "key_again": _key_again}
    places["laptops"] = _laptops
    if store.role == "hq":
        places |= {"review": _review, "posts": _posts, "plans": _plans, "pack": _pack}
    places |= {"papers": _paper_templates, "batches": _batches}
    for way, go in places.items():
        yield Way("screen", _(TITLES[way]), go, _called(way, TITLES[way]))


def _settings(store: Store) -> Iterator[Way]:
    for code, name in LANGUAGES.items():
        called = f"{_called('language', 'Language')}, {_called(f'language_{code}', name)}"
        yield Way("setting", f"{_('Language')} › {name}", _language(code), called)
    for theme, title in themes.titles().items():
        called = _called("colours", "Colours")
        yield Way("setting", f"{_('Colours')} › {title}", _colours(theme), called)
    for habit in ("", *input_methods()):
        name = f"{_('Typing')} › {habit or _('by the machine')}"
        yield Way("setting", name, _typing(habit), _called("typing", "Typing"))
    others = {
        "letterhead": _letterhead,
        "lock": _lock(store),
        "passphrase": _passphrase(store),
        "people": _people,
        "help": _action("app.help"),
        "quit": _action("app.quit"),
    }
    for way, go in others.items():
        yield Way("setting", _(TITLES[way]), go, _called(way, TITLES[way]))


def _form(kind: str, initial: dict[str, Any] | None = None) -> Go:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.forms import open_form

        open_form(app, kind, initial)

    return go


def _book(kind: str, text: str = "", initial: dict[str, Any] | None = None) -> Go:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.list import ListScreen

        app.push_screen(ListScreen(kind, text, initial))

    return go


def _search(text: str) -> Go:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.search import SearchScreen

        app.push_screen(SearchScreen(text))

    return go


def _choose_kind(app: Host, title: str, go: Callable[[str], object]) -> None:
    """Let the user choose a kind that is written here, then go on with it."""

    def chosen(kind: str | None) -> None:
        if kind is not None:
            go(kind)

    app.push_screen(Finder(title, [("", [(m.KIND, _(m.PLURAL)) for m in _written(app.store)])]), chosen)


def _quick(app: Host) -> None:
    from fieldapp.tui.screens.quick import open_quick_entry

    _choose_kind(app, _("Quick entry of which kind?"), lambda kind: open_quick_entry(app, kind))


def _sheet(app: Host) -> None:
    from fieldapp.tui.screens.sheet_file import SheetFileScreen

    _choose_kind(app, _("Records of which kind are on the sheet?"), lambda kind: app.push_screen(SheetFileScreen(kind)))


def _batches(app: Host) -> None:
    from fieldapp.tui.screens.sheet_file import BatchesScreen

    app.push_screen(BatchesScreen())


def _decide(app: Host) -> None:
    from fieldapp.tui.screens.conflicts import ConflictsScreen

    app.push_screen(ConflictsScreen())


def _key_again(app: Host) -> None:
    from fieldapp.tui.screens.double_entry import SampleScreen

    _choose_kind(app, _("Key which records again?"), lambda kind: app.push_screen(SampleScreen(kind)))


def _review(app: Host) -> None:
    from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

    app.push_screen(ReviewOverviewScreen())


def _posts(app: Host) -> None:
    from fieldapp.tui.screens.coverage import CoverageScreen

    app.push_screen(CoverageScreen())


def _laptops(app: Host) -> None:
    from fieldapp.tui.screens.laptops import LaptopsScreen

    app.push_screen(LaptopsScreen())


def _pack(app: Host) -> None:
    from fieldapp.tui.screens.pack import PackScreen

    app.push_screen(PackScreen())


def _plans(app: Host) -> None:
    from fieldapp.tui.screens.plans import PlansScreen

    app.push_screen(PlansScreen())


def _paper_templates(app: Host) -> None:
    from fieldapp.tui.screens.papers import PaperTemplatesScreen

    app.push_screen(PaperTemplatesScreen())


def _bars(app: Host) -> None:
    from fieldapp.reports.query import Query, period_of
    from fieldapp.tui.screens.dashboard import DashboardScreen

    today = wall.today()
    app.push_screen(DashboardScreen(Query(period_of(str(today.year), today), today=today)))


def _letterhead(app: Host) -> None:
    from fieldapp.tui.screens.letterhead import LetterheadScreen

    app.push_screen(LetterheadScreen())


def _lock(store: Store) -> Go:
    def go(app: Host) -> None:
        from fieldapp.tui.screens.lock import LockScreen

        app.push_screen(LockScreen(store.home))

    return go


def _colours(name: str) -> Go:
    return lambda app: app.take_theme(name)


def _language(code: str) -> Go:
    return lambda app: app.take_language(code)


def _typing(habit: str) -> Go:
    return lambda app: app.take_typing(habit)


def _action(name: str) -> Go:
    def go(app: Host) -> None:
        app.call_later(app.run_action, name)

    return go


def _passphrase(store: Store) -> Go:
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
