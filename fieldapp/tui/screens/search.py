"""Every record, found by words as they are typed: where is it?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _, counted
from fieldapp.records import lists, records, reviews, search, words
from fieldapp.records.search import Filter, Hit
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.finder import Finder, Group, WordField
from fieldapp.tui.screens.menu import by_use
from fieldapp.tui.widgets.record_table import RecordTable

KIND_WIDTH = 20


class HitField(WordField):
    """Words of a record."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Open"), key_display="Enter"),
        Binding("down", "screen.move(1)", _("Choose"), key_display="↑↓"),
    ]


class UnitFinder(Finder):
    """Dismisses with the id of a unit, empty for everywhere, or None."""

    HELP = "Type a word of a commune, a district or a province, without diacritics if you like."

    def __init__(self, store: Store) -> None:
        super().__init__(_("Where"), [])
        self._store = store

    def groups(self, typed: str) -> list[Group]:
        """The units that fit; everywhere, while nothing is typed."""
        return [
            ("", [] if typed else [("", _("everywhere"))]),
            ("", lists.choices(self._store, "unit", typed, limit=50)),
        ]


class SearchScreen(Page):
    """One line for each record, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "kind", _("Kind")),
        Binding("f5", "unit", _("Where")),
        Binding("f6", "period", _("When")),
        Binding("f7", "state", _("Status")),
    ]
    DEFAULT_CSS = """
    SearchScreen #search-line { height: 1; margin: 1 0; }
    SearchScreen #search-line > Static { width: auto; padding: 0 1; }
    SearchScreen HitField { width: 1fr; }
    SearchScreen #sieve { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._search_filter = Filter()
        self._filter_words: dict[str, str] = {}
        """What is filtered by -> the chosen value in words; empty for all"""
        self._hits: list[Hit] = []

    def body(self) -> ComposeResult:
        with Horizontal(id="search-line"):
            yield Static(Content(_("Find")))
            yield HitField(stays=True, placeholder=_("type a word of the name"))
        yield Static(id="sieve", classes="line", markup=False)
        yield RecordTable()

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        self._hits_shown.set_columns([(_("Kind"), KIND_WIDTH), (_("Record"), self.app.size.width - KIND_WIDTH - 7)])

    @property
    def _hits_shown(self) -> RecordTable:
        return self.query_one(RecordTable)

    def renew(self) -> None:
        self._hits = search.search_records(self.store, self.query_one(HitField).value, self._search_filter)
        names: dict[str, str] = {}
        for kind in {hit.kind for hit in self._hits}:
            names |= words.labels(self.store, kind, [hit.row_id for hit in self._hits if hit.kind == kind])
        shown, at = self._hits_shown, self._hits_shown.chosen
        shown.clear()
        returned = {review.record for review in reviews.returned_records(self.store)}
        shown.add(
            [
                ("↩" if h.row_id in returned else " ", (_(records.model_of(h.kind).TITLE), names[h.row_id]))
                for h in self._hits
            ]
        )
        shown.choose(at)
        number = counted(
            "{n} record", "{n} records", len(self._hits), f"{len(self._hits)}{'+' if len(self._hits) == 100 else ''}"
        )
        summary = " · ".join([number, *filter(None, self._filter_words.values())])
        self.query_one("#sieve", Static).update(Content(summary), layout=False)

    def on_input_changed(self) -> None:
        self._hits_shown.choose(0)
        self.renew()

    def action_move(self, step: int) -> None:
        """Go up or down the list."""
        self._hits_shown.choose(self._hits_shown.chosen + step)

    def on_input_submitted(self) -> None:
        if self._hits:
            at = self._hits_shown.chosen
            from fieldapp.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(self._hits[at].row_id))

    # narrowing --------------------------------------------------------------------------------------------------

    def action_kind(self) -> None:
        """Filter by one kind of record, or show all."""
        kinds = [({"kind": m.KIND}, _(m.PLURAL)) for m in by_use(RECORDS) if m.TOP]
        self._narrow(_("Kind"), [({"kind": None}, _("every kind")), *kinds])

    def action_unit(self) -> None:
        """Filter by one unit with what belongs to it, or show everywhere."""
        from fieldapp.reports.units import inside

        def chosen(unit: str | None) -> None:
            if unit is not None:
                units = tuple(inside(self.store, unit, wall.today())) if unit else None
                self._search_filter = replace(self._search_filter, units=units)
                self._filter_words["unit"] = words.labels(self.store, "unit", [unit])[unit] if unit else ""
                self.renew()

        self.app.push_screen(UnitFinder(self.store), chosen)

    def action_period(self) -> None:
        """Filter by a month, a quarter or a year, or show always."""
        from fieldapp.reports.query import period_of

        today = wall.today()
        quarter, month = (today.month + 2) // 3, today.month
        named: list[tuple[dict[str, Any], str]] = [({"first": None, "last": None}, _("always"))]
        for text in (f"{today.year}-{month:02d}", f"{today.year}-Q{quarter}", str(today.year), str(today.year - 1)):
            period = period_of(text, today)
            named.append(({"first": period.first, "last": period.last}, period.title))
        self._narrow(_("Period"), named)

    def action_state(self) -> None:
        """Filter by state: not voided, returned, voided, or any."""
        named = [
            ({"state": "standing"}, _("not voided")),
            ({"state": "returned"}, _("returned by headquarters")),
            ({"state": "voided"}, _("voided")),
            ({"state": "any"}, _("voided or not")),
        ]
        self._narrow(_("State"), named)

    def _narrow(self, what: str, named: Sequence[tuple[dict[str, Any], str]]) -> None:
        def chosen(number: int | None) -> None:
            if number is not None:
                changes, title = named[number]
                self._search_filter = replace(self._search_filter, **changes)
                self._filter_words[what] = title if number else ""
                self.renew()

        numbered = [(number, title) for number, (_changes, title) in enumerate(named)]
        self.app.push_screen(Finder(what, [("", numbered)]), chosen)
