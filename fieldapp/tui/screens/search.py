"""Every record, found by words as they are typed: where is it?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.records import RECORDS
from fieldapp.domain.reference import Post
from fieldapp.i18n import _, counted
from fieldapp.records import lists, records, reviews, search, words
from fieldapp.records.search import Filter, Hit, RecordState
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.tui.screens.beside import Beside, list_width
from fieldapp.tui.screens.finder import Finder, Group, WordField
from fieldapp.tui.screens.menu import by_use
from fieldapp.tui.screens.search_soon import SearchSoon
from fieldapp.tui.widgets.header import MIDDLE, NARROW
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.tui.widgets.signs import Legend, sign

KIND_WIDTH, NARROW_KIND, DAY_WIDTH, POST_WIDTH = 20, 14, 10, 14
"""Columns for a record's kind, also where there is little room for it, its day and its post"""
MOST = 100
"""Most records that are listed, except of those that headquarters has not received"""
STATES: dict[RecordState, str] = {
    "standing": "not voided",
    "returned": "returned by headquarters",
    "unreceived": "not received by headquarters",
    "voided": "voided",
    "any": "voided or not",
}


class HitField(WordField):
    """Words of a record."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Open"), key_display="Enter"),
        Binding("down", "screen.move(1)", _("Choose"), key_display="↑↓"),
    ]


@dataclass(frozen=True)
class Narrowing:
    """One way to filter: what it is about, the filter's fields that it sets, and its words; no words for all."""

    what: str
    changes: Mapping[str, Any]
    title: str = ""


class NarrowFinder(Finder):
    """Dismisses with a ``Narrowing`` by kind, place or time, or with None."""

    HELP = "Type a word of a kind, a commune, a district, a province or a time, without diacritics if you like."

    def __init__(self, store: Store) -> None:
        super().__init__(_("Show only"), _kinds_and_times())
        self._store = store

    def groups(self, typed: str) -> list[Group]:
        """Kinds and times first; units once a word is typed: there are thousands."""
        return [*super().groups(typed), (_("Where"), self._units(typed))]

    def _units(self, typed: str) -> list[tuple[Narrowing, str]]:
        if not typed:
            return [(Narrowing("unit", {"units": None}), _("everywhere"))]
        found = lists.choices(self._store, "unit", typed, limit=50)
        return [(Narrowing("unit", {"unit": unit}, title), title) for unit, title in found]


def _kinds_and_times() -> list[Group]:
    """The kinds, then the month, quarter and year of today, and the year before; each with its way to show all."""
    from fieldapp.reports.query import period_of

    kinds = [(Narrowing("kind", {"kind": m.KIND}, _(m.PLURAL)), _(m.PLURAL)) for m in by_use(RECORDS) if m.TOP]
    today = wall.today()
    quarter = (today.month + 2) // 3
    texts = (f"{today.year}-{today.month:02d}", f"{today.year}-Q{quarter}", str(today.year), str(today.year - 1))
    periods = [period_of(text, today) for text in texts]
    times = [(Narrowing("when", {"first": p.first, "last": p.last}, p.title), p.title) for p in periods]
    return [
        (_("Kind"), [(Narrowing("kind", {"kind": None}), _("every kind")), *kinds]),
        (_("When"), [(Narrowing("when", {"first": None, "last": None}), _("always")), *times]),
    ]


class SearchScreen(SearchSoon, Beside):
    """One line for each record, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "narrow", _("Kind, place, time")),
        Binding("f7", "state", _("Status")),
        Binding("f5,f6", "app.moved('narrow')", show=False),
    ]
    DEFAULT_CSS = """
    SearchScreen #search-line { height: 1; margin: 1 0; }
    SearchScreen #search-line > Static { width: auto; padding: 0 1; }
    SearchScreen HitField { width: 1fr; }
    SearchScreen #sieve { height: 1; }
    """

    def __init__(self, text: str = "", state: RecordState = "standing") -> None:
        """``text``: the words to begin with."""
        super().__init__()
        self._text = text
        self._search_filter = Filter(state=state)
        self._filter_words: dict[str, str] = {}
        """What is filtered by -> the chosen value in words; empty for all"""
        self._with_posts = False
        self._hits: list[Hit] = []
        self._unreceived: frozenset[str] | None = None
        """What headquarters has not received, since the screen was come back to; None until it is asked for"""

    def body(self) -> ComposeResult:
        with Horizontal(id="search-line"):
            yield Static(Content(_("Find")))
            yield HitField(self._text, stays=True, placeholder=_("type a word of the name"))
        yield Static(id="sieve", classes="line", markup=False)
        yield RecordTable()
        yield Legend(self.store)

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        width = list_width(self.app.size.width)
        before, self._with_posts = self._with_posts, self.store.role == "hq" and width > NARROW
        kind = KIND_WIDTH if self.store.role == "post" or width > MIDDLE else NARROW_KIND
        columns = [(_("Kind"), kind), (_("Day"), DAY_WIDTH)]
        posts = [(_(Post.TITLE), POST_WIDTH)] if self._with_posts else []
        room = width - 3 - sum(2 + taken for _title, taken in (*columns, *posts)) - 2
        self._hits_shown.set_columns([*columns, (_("Record"), room), *posts])
        if self._hits and self._with_posts != before:
            self.renew()

    @property
    def _hits_shown(self) -> RecordTable:
        return self.query_one(RecordTable)

    def on_screen_resume(self) -> None:  # before that of ``Page``, which renews
        self._unreceived = None
        self.query_one(Legend).renew(self.store)

    def search(self) -> None:
        self._hits_shown.choose(0)
        self.renew()

    def renew(self) -> None:
        self.waits = False
        conditions, most = self._search_filter, MOST
        if conditions.state == "unreceived":
            if self._unreceived is None:
                self._unreceived = frozenset(status.unreceived_records(self.store))
            conditions, most = replace(conditions, ids=self._unreceived), len(self._unreceived)
        found = search.search_records(self.store, self.query_one(HitField).value, conditions, most + 1)
        self._hits = found[:most]
        at = self._hits_shown.chosen
        self._hits_shown.clear()
        self.choose(at, len(self._hits))
        self.show_beside()
        more = "+" if len(found) > most else ""
        number = counted("{n} record", "{n} records", len(self._hits), f"{len(self._hits)}{more}")
        state = "" if conditions.state == "standing" else _(STATES[conditions.state])
        summary = " · ".join([number, *filter(None, self._filter_words.values()), *filter(None, [state])])
        self.query_one("#sieve", Static).update(Content(summary), layout=False)

    def draw(self, first: int, last: int) -> None:
        hits = self._hits[first:last]
        lines: dict[str, tuple[str, str, str]] = {}
        for kind in {hit.kind for hit in hits}:
            lines |= words.list_lines(self.store, kind, [hit.row_id for hit in hits if hit.kind == kind])
        returned = {review.record for review in reviews.returned_records(self.store)}
        on_way = status.unreceived(self.store, [hit.row_id for hit in hits])
        self._hits_shown.add(
            [
                (
                    sign(h.row_id, voided=h.voided, returned=returned, on_way=on_way),
                    self._columns(h, *lines[h.row_id]),
                )
                for h in hits
            ]
        )

    def _columns(self, hit: Hit, day: str, name: str, post: str) -> list[str]:
        title, marked = _(records.model_of(hit.kind).TITLE), words.marked_if_voided(hit.kind, name, hit.voided)
        return [title, day, marked, *([post] if self._with_posts else [])]

    def on_input_changed(self) -> None:
        self.search_soon()

    def action_move(self, step: int) -> None:
        """Go up or down the list."""
        self.catch_up()
        self.choose(self._hits_shown.chosen + step, len(self._hits))
        self.show_beside()

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.record import record_beside

        at = self._hits_shown.chosen
        return record_beside(self.store, self._hits[at].row_id, self.beside_width) if at < len(self._hits) else None

    def on_input_submitted(self) -> None:
        self.catch_up()
        if self._hits:
            at = self._hits_shown.chosen
            from fieldapp.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(self._hits[at].row_id))

    # narrowing --------------------------------------------------------------------------------------------------

    def action_narrow(self) -> None:
        """Filter by a kind of record, a unit with what belongs to it, or a time; or show all of them again."""
        self.app.push_screen(NarrowFinder(self.store), self._narrowed)

    def _narrowed(self, chosen: Narrowing | None) -> None:
        if chosen is None:
            return
        changes = dict(chosen.changes)
        if unit := changes.pop("unit", None):
            from fieldapp.reports.units import inside

            changes["units"] = tuple(inside(self.store, unit, wall.today()))
        self._search_filter = replace(self._search_filter, **changes)
        self._filter_words[chosen.what] = chosen.title
        self.renew()

    def action_state(self) -> None:
        """Filter by state: not voided, returned, not received by headquarters, voided, or any."""

        def chosen(state: RecordState | None) -> None:
            if state is not None:
                self._search_filter = replace(self._search_filter, state=state)
                self.renew()

        named = [
            (state, _(title)) for state, title in STATES.items() if state != "unreceived" or self.store.role == "post"
        ]
        self.app.push_screen(Finder(_("State"), [("", named)]), chosen)
