"""A list of any kind of record: where is it?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.model import fields_of
from fieldapp.domain.reference import Post
from fieldapp.i18n import _, counted
from fieldapp.records import attachments, lists, records, reviews, words
from fieldapp.reports.papers.templates import has_templates
from fieldapp.store.store import Row
from fieldapp.sync.exchange import status
from fieldapp.tui.screens.beside import Beside, list_width
from fieldapp.tui.screens.search_soon import SearchSoon
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.tui.widgets.signs import Legend, sign
from fieldapp.tui.widgets.text_field import TextField

WINDOW = 100
"""Rows read at a time"""
MARK = "■"
"""The sign of a marked row"""


class SearchField(TextField):
    """Words to search for; Enter opens the chosen record."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Open"), key_display="Enter"),
        Binding("down", "screen.move(1)", _("Choose"), key_display="↑↓"),
        Binding("up", "screen.move(-1)", _("Previous"), show=False),
        Binding("pagedown", "screen.move(15)", _("Page down"), show=False),
        Binding("pageup", "screen.move(-15)", _("Page up"), show=False),
    ]


class MarkedTable(RecordTable, can_focus=True):
    """Rows that can be marked, while the search field has not the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", _("Open"), key_display="Enter"),
        Binding("space", "mark", _("Mark"), key_display="Space"),
        Binding("down", "screen.move(1)", _("Choose"), key_display="↑↓"),
        Binding("up", "screen.move(-1)", _("Previous"), show=False),
        Binding("pagedown", "screen.move(15)", _("Page down"), show=False),
        Binding("pageup", "screen.move(-15)", _("Page up"), show=False),
    ]

    def __init__(self, take: Callable[[], None], mark: Callable[[], None]) -> None:
        super().__init__()
        self._take = take
        self._mark = mark

    def action_take(self) -> None:
        """Open the chosen row."""
        self._take()

    def action_mark(self) -> None:
        """Mark the chosen row, or take its mark away."""
        self._mark()


class ListScreen(SearchSoon, Beside):
    """Typing searches, the arrows choose, Enter opens. Papers are made of the marked rows, or of the chosen one."""

    CHANGES = DELIVERS = frozenset({"papers"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other", _("Rows"), key_display="Tab"),
        Binding("f2", "write", _("Add")),
        Binding("f5", "key_again", _("Key again")),
        Binding("f6", "quick", _("Many")),
        Binding("f7", "voided", _("+voided")),
        Binding("f7", "retired", _("+retired")),
        Binding("f8", "papers", _("Papers")),
    ]

    def __init__(self, kind: str, text: str = "", initial: Mapping[str, Any] | None = None) -> None:
        """``text``: the words to search for at first; ``initial``: what they mean, with which a new record begins."""
        super().__init__()
        self._text = text
        self._initial = initial or {}
        self.kind = kind
        self.model = records.model_of(kind)
        self._rows: list[Row] = []
        self._after: tuple[Any, str] | None = None
        self._voided = False
        self._with_files = False
        """Some record of this kind has a file: a column says how many"""
        self._marked: dict[str, None] = {}
        """The ids of marked rows, in the order of marking"""

    def body(self) -> ComposeResult:
        with Horizontal(id="search-line"):
            yield Static(Content(f"{_('Find')}: {_(self.model.PLURAL)}"))
            yield SearchField(self._text, stays=True, id="search")
            yield Static(id="found", markup=False)
        yield MarkedTable(self._take, self._mark)
        yield Legend(self.store)

    def on_mount(self) -> None:
        self.query_one("#search").focus()

    def _set_columns(self) -> None:
        titles = {s.name: _(s.title) for s in fields_of(self.model)}
        named = [*(titles[name] for name in self.model.LIST), *([_(Post.TITLE)] if self._with_posts else [])]
        self._with_files = attachments.any_of_kind(self.store, self.kind)
        named += [_("Attached")] if self._with_files else []
        self._table.set_columns(list(zip(named, self._widths(named), strict=True)))

    def _widths(self, titles: Sequence[str]) -> list[int]:
        """Each column as wide as its content; if that does not fit, the widest ones get narrower."""
        dates = {s.name for s in fields_of(self.model) if s.type == "date"}
        least = ["05/11/2026" if name in dates else "" for name in self.model.LIST]
        least += [""] * (len(titles) - len(least))
        shown = [titles, least, *self._words(self._beginning().rows)]
        widest = [max(cell_len(texts[at]) for texts in shown) for at in range(len(titles))]
        room = list_width(self.app.size.width) - 6 - 2 * len(titles)
        return _fitted(widest, room)

    def _beginning(self) -> lists.RecordWindow:
        """The first rows, whatever is searched for: read once to open the screen, for its columns and to be shown."""
        return self.store.cached_until_changed(
            f"beginning {self.kind}", lambda: lists.record_window(self.store, self.kind, limit=WINDOW)
        )

    def _words(self, rows: Sequence[Row]) -> list[list[str]]:
        shown = words.display(self.store, self.kind, rows, self.model.LIST, short=True)
        if self._with_posts:
            posts = words.posts_of(self.store, rows)
            shown = [[*texts, posts[row["post_id"]]] for row, texts in zip(rows, shown, strict=True)]
        if self._with_files:
            counts = attachments.counts(self.store, [row["id"] for row in rows])
            shown = [
                [*texts, counts.get(row["id"], attachments.Count()).words]
                for row, texts in zip(rows, shown, strict=True)
            ]
        return shown

    @property
    def _with_posts(self) -> bool:
        """At headquarters each record is of some post."""
        return self.store.role == "hq" and not self.model.REFERENCE

    @property
    def _table(self) -> RecordTable:
        return self.query_one(RecordTable)

    def on_resize(self) -> None:
        self._set_columns()

    def renew(self) -> None:
        if self._with_files != attachments.any_of_kind(self.store, self.kind):
            self._set_columns()
        self.query_one(Legend).renew(self.store)
        at = self._table.chosen
        kept = self._rows[at]["id"] if at < len(self._rows) else None
        self._search(max(WINDOW, len(self._rows)))
        places = {row["id"]: number for number, row in enumerate(self._rows)}
        self.choose(places.get(kept, at), len(self._rows))
        self.show_beside()

    def on_input_changed(self) -> None:
        self.search_soon()

    def search(self) -> None:
        self._search()

    def _search(self, limit: int | None = None) -> None:
        self.waits = False
        self._rows, self._after = [], None
        self._table.clear()
        self._more(limit)
        self.show_beside()

    def _more(self, limit: int | None = None) -> None:
        """Read the next window of the list."""
        text, limit = self.query_one(TextField).value, limit or WINDOW
        if not text and self._after is None and limit == WINDOW and not self._voided:
            page = self._beginning()
        else:
            page = lists.record_window(
                self.store, self.kind, text=text, after=self._after, limit=limit, voided=self._voided
            )
        self._rows += page.rows
        self._after = page.after
        self.choose(self._table.chosen, len(self._rows))
        more = "+" if self._after is not None else ""
        found = counted("{n} record", "{n} records", len(self._rows), f"{len(self._rows)}{more}")
        if self._marked:
            found = f"{counted('{n} marked', '{n} marked', len(self._marked))} · {found}"
        self.query_one("#found", Static).update(Content(found), layout=bool(self._marked))

    def draw(self, first: int, last: int) -> None:
        rows = self._rows[first:last]
        on_way = status.unreceived(self.store, [r["id"] for r in rows])
        returned = {review.record for review in reviews.returned_records(self.store) if review.kind == self.kind}
        signs = [sign(r["id"], voided=r["voided_at"] is not None, returned=returned, on_way=on_way) for r in rows]
        signs = [MARK if row["id"] in self._marked else shown for row, shown in zip(rows, signs, strict=True)]
        self._table.add(list(zip(signs, self._words(rows), strict=True)))

    def action_move(self, step: int) -> None:
        """Go up or down the list, reading on at its end."""
        self.catch_up()
        at = min(max(self._table.chosen + step, 0), max(len(self._rows) - 1, 0))
        if at >= len(self._rows) - 2 and self._after is not None:
            self._more()
        self.choose(at, len(self._rows))
        self.show_beside()

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.record import record_beside

        at = self._table.chosen
        return record_beside(self.store, self._rows[at]["id"], self.beside_width) if at < len(self._rows) else None

    def on_input_submitted(self) -> None:
        self._take()

    def _take(self) -> None:
        """Open the chosen record."""
        self.catch_up()
        if self._table.chosen < len(self._rows):
            from fieldapp.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(self._rows[self._table.chosen]["id"]))

    def action_other(self) -> None:
        """Go from the search to the rows, to mark some, or back."""
        self.focus_next()

    def _mark(self) -> None:
        """Mark the chosen row, or take its mark away, and go to the next one."""
        self.catch_up()
        at = self._table.chosen
        if at < len(self._rows):
            row_id = self._rows[at]["id"]
            if row_id in self._marked:
                del self._marked[row_id]
            else:
                self._marked[row_id] = None
            self._search(max(WINDOW, len(self._rows)))
            self.choose(at, len(self._rows))
            self.action_move(1)

    def action_papers(self) -> None:
        """Make papers from the marked rows, or else from the chosen one."""
        from fieldapp.tui.screens.papers import open_papers

        self.catch_up()
        at = self._table.chosen
        chosen = list(self._marked) or [row["id"] for row in self._rows[at : at + 1]]
        if chosen:
            open_papers(self.app, self.kind, chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer writing only where records of this kind are written, and papers where there are some of this kind."""
        if action in ("papers", "other"):
            return has_templates(self.store, self.kind)
        if action in ("voided", "retired"):
            return (action == "retired") == self.model.REFERENCE
        return action not in ("write", "quick", "key_again") or records.writable(self.store, self.model)

    def action_write(self) -> None:
        """Write a new record of this kind."""
        from fieldapp.tui.screens.forms import open_form

        searched = self.query_one(TextField).value
        open_form(self.app, self.kind, self._initial if searched == self._text else None)

    def action_quick(self) -> None:
        """Enter many records of this kind, one per line."""
        from fieldapp.tui.screens.quick import open_quick_entry

        open_quick_entry(self.app, self.kind)

    def action_key_again(self) -> None:
        """Show a sample of this kind, to be keyed again blind."""
        from fieldapp.tui.screens.double_entry import SampleScreen

        self.app.push_screen(SampleScreen(self.kind))

    def action_voided(self) -> None:
        """Show voided records too, or hide them again."""
        self._voided = not self._voided
        self._search()

    def action_retired(self) -> None:
        """Do the same for reference data, which is called retired."""
        self.action_voided()


def _fitted(widest: Sequence[int], room: int) -> list[int]:
    """Widths that fill the room: narrow columns keep theirs, the others share what is left."""
    left, columns = room, len(widest)
    share = 0
    for width in sorted(widest):
        share = max(left // columns, 1)
        if width > share:
            break
        left, columns = left - width, columns - 1
    fitted = [min(width, share) if columns else width for width in widest]
    fitted[-1] += max(room - sum(fitted), 0)
    return fitted
