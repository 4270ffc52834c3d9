"""What waits for review, by post and kind: can I sign this?"""

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.domain.amounts import format_amount
from fieldapp.i18n import _
from fieldapp.records import records, reviews, words
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Chooser
from fieldapp.tui.screens.beside import Beside, page_of
from fieldapp.tui.widgets.header import NARROW
from fieldapp.tui.widgets.lines import refill
from fieldapp.tui.widgets.scrolling import cut
from fieldapp.vietnamese.text import sort_key
from fieldapp.work import notices

NAME, SHORT_NAME = 32, 18
"""Columns for a post's name; on a screen that is at most as wide as ``NARROW``"""


class ReviewOverviewScreen(Beside):
    """One line for each post and kind; Enter goes through its records."""

    HELP = (
        "What the posts recorded and headquarters has not looked at, or what was changed since. “? 2”: something is odd"
        " in two of them. Enter opens a line."
    )

    def __init__(self, post_id: str | None = None) -> None:
        """``post_id``: show only this post's records."""
        super().__init__()
        self._post_id = post_id
        self._counts: list[tuple[str, str, int]] = []
        self._name_width = 0
        """Columns for the names in the lines that are shown"""
        self._doubted: Mapping[tuple[str, str], int] = {}
        """Looked for in a thread, because it takes long if there are many records"""

    def body(self) -> ComposeResult:
        yield Static(Content(_("Waits to be looked at")), classes="section")
        yield Chooser(id="piles", markup=False)

    def renew(self) -> None:
        known: notices.ToReview | None = self.store.kept(notices.TO_REVIEW)
        if known is not None:
            self._doubted = known.doubted
        self._list()
        self.look_up(notices.TO_REVIEW, notices.to_review, self._mark)

    def on_resize(self) -> None:
        """Show as much of the names as there is room for."""
        super().on_resize()
        if self._name_width != self._width_of_names and not self.app.locked:
            self._list()

    @property
    def _width_of_names(self) -> int:
        return NAME if self.app.size.width > NARROW else SHORT_NAME

    def _mark(self, found: notices.ToReview) -> None:
        if found.doubted != self._doubted:
            self._doubted = found.doubted
            self._list()

    def _list(self) -> None:
        posts = words.post_names(self.store)
        counts = [c for c in _waiting(self.store) if self._post_id in (None, c[0])]
        self._counts = sorted(counts, key=lambda c: (sort_key(posts[c[0]]), -c[2]))
        name = self._name_width = self._width_of_names
        lines = [
            Content(
                f"{format_amount(number):>8}  {cut(posts[post_id], name):<{name}} {_(records.model_of(kind).PLURAL)}"
                + (f"  ? {format_amount(odd)}" if (odd := self._doubted.get((post_id, kind))) else "")
            )
            for post_id, kind, number in self._counts
        ]
        refill(self.query_one(OptionList), lines, f"✓ {_('Nothing waits to be looked at.')}")

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.review_list import pile_beside

        at = self.query_one("#piles", OptionList).highlighted
        return pile_beside(self.store, *self._counts[at][:2]) if at is not None and self._counts else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.review_list import ReviewListScreen

        post_id, kind, _number = self._counts[event.option_index]
        self.app.push_screen(ReviewListScreen(kind, post_id))


def overview_beside(store: Store, post_id: str) -> RenderableType:
    """What waits of one post, for the room beside a list."""
    counts = sorted((c for c in _waiting(store) if c[0] == post_id), key=lambda c: -c[2])
    lines = [f"{format_amount(number):>8}  {_(records.model_of(kind).PLURAL)}" for _post, kind, number in counts]
    return page_of(_("Waits to be looked at"), Text("\n".join(lines or [f"✓ {_('Nothing waits to be looked at.')}"])))


def _waiting(store: Store) -> Sequence[tuple[str, str, int]]:
    known: notices.ToReview | None = store.kept(notices.TO_REVIEW)
    if known is not None:
        return known.counts
    return store.cached_until_changed("waiting for review", lambda: reviews.waiting_counts(store))
