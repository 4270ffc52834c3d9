"""Posts by months: who is missing?"""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.domain.amounts import format_amount
from fieldapp.i18n import _
from fieldapp.reports.coverage import MONTHS, MonthState, PostCoverage, coverage, heard_words, post_details
from fieldapp.store import wall
from fieldapp.tui.screens.beside import Beside
from fieldapp.tui.widgets.lines import refill
from fieldapp.tui.widgets.scrolling import cut

SIGNS: dict[MonthState, str] = {
    "accepted": "██",
    "received": "▓▓",
    "partly": "▒▒",
    "nothing": "––",
    "late": " !",
    "awaited": " ·",
    "before": "",
}
NAME, SHORT_NAME = 27, 18
"""Columns for a post's name; on a screen that is narrower than ``WHOLE``"""
WHOLE, FEW_MONTHS = 79, 3
"""Columns of a line with all months, each of which takes five; months that are shown on a narrower screen"""


class PostList(OptionList):
    """One post per line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Review"), key_display="Enter")]


class CoverageScreen(Beside):
    """The grid of posts and months; below it, what is known about the chosen post."""

    HELP = (
        "Each post's last six months. A month is complete when something has arrived that was written after its"
        " end, and nothing before is missing. Below: what is known of the chosen post. Enter opens its records that"
        " wait for review. F2 writes the pack from which a new post, or a further laptop of one, begins; F4 shows all"
        " laptops."
    )
    CHANGES = frozenset({"usb", "add"})
    ALSO = frozenset({"report", "usb"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", _("Pack")),
        Binding("f4", "laptops", _("Laptops")),
        Binding("f6", "decide", _("To decide")),
        Binding("f7", "review", _("Desk")),
    ]

    def __init__(self, post_id: str | None = None) -> None:
        """``post_id``: the post that is chosen first."""
        super().__init__()
        self._chosen = post_id
        self._posts: Sequence[PostCoverage] = ()
        self._limit = 0
        self._name_width, self._months_shown = NAME, MONTHS

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield Static(id="months", classes="line", markup=False)
        yield PostList(id="posts", markup=False)
        yield Static(id="details", classes="line", markup=False)
        yield Static(id="legend", classes="line", markup=False)

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.review_overview import overview_beside

        at = self.query_one("#posts", OptionList).highlighted
        return overview_beside(self.store, self._posts[at].post_id) if at is not None and self._posts else None

    def on_resize(self) -> None:
        """Show as much as there is room for."""
        name, months = (NAME, MONTHS) if self.app.size.width >= WHOLE else (SHORT_NAME, FEW_MONTHS)
        if name != self._name_width:
            self._name_width, self._months_shown = name, months
            self.renew()

    def renew(self) -> None:
        found = self.store.cached_until_changed("coverage", lambda: coverage(self.store, wall.today()))
        self._posts = found.posts
        self._limit = found.limit_days
        title = _("{n} posts · {late} without news for more than {days} days")
        line = title.format(n=len(found.posts), late=found.late, days=found.limit_days)
        self.query_one("#what", Static).update(Content(line))
        nothing = _("There is no post yet: F2 makes one, with the pack for its laptops.")
        refill(
            self.query_one("#posts", OptionList),
            [Content(_line(post, self._name_width, self._months_shown)) for post in found.posts],
            nothing,
        )
        months = found.posts[0].months[-self._months_shown :] if found.posts else []
        at = next((n for n, post in enumerate(found.posts) if post.post_id == self._chosen), None)
        if at is not None:
            self._chosen = None
            self.query_one("#posts", OptionList).highlighted = at
        heads = "".join(f"{_('M{month}').format(month=int(m.month[5:])):>5}" for m in months)
        self.query_one("#months", Static).update(
            Content(f"{'':<{self._name_width - 1}}{heads}{_('last news'):>12}{_('to review'):>10}" if months else "")
        )
        legend = [(_("accepted"), "accepted"), (_("received"), "received"), (_("in part"), "partly"),
                  (_("nothing recorded"), "nothing"), (_("late"), "late"), (_("awaited"), "awaited")]  # fmt: skip
        words = "  ".join(f"{SIGNS[state].strip()} {word}" for word, state in legend)  # type: ignore[index]
        self.query_one("#legend", Static).update(Content(words))
        self._show_details()

    def on_option_list_option_highlighted(self) -> None:
        self._show_details()

    def _show_details(self) -> None:
        at = self.query_one(OptionList).highlighted
        lines = post_details(self._posts[at], self._limit) if at is not None and self._posts else []
        self.query_one("#details", Static).update(Content("\n".join(lines)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

        self.app.push_screen(ReviewOverviewScreen(self._posts[event.option_index].post_id))

    def action_add(self) -> None:
        """Write the pack of a new post, or of a further laptop."""
        from fieldapp.tui.screens.pack import PackScreen

        self.app.push_screen(PackScreen())

    def action_laptops(self) -> None:
        """Show all laptops, with their words to compare."""
        from fieldapp.tui.screens.laptops import LaptopsScreen

        self.app.push_screen(LaptopsScreen())

    def action_review(self) -> None:
        """Look at what all posts recorded."""
        from fieldapp.tui.screens.review_overview import ReviewOverviewScreen

        self.app.push_screen(ReviewOverviewScreen())

    def action_decide(self) -> None:
        """Show conflicts, new laptops, and what was refused."""
        from fieldapp.tui.screens.conflicts import ConflictsScreen

        self.app.push_screen(ConflictsScreen())


def _line(post: PostCoverage, width: int, months: int) -> str:
    name = cut(post.name, width - 2)
    name += " " * (width - 2 - cell_len(name))
    cells = "".join(f"{SIGNS[m.state]:>5}" for m in post.months[-months:])
    return f" {'!' if post.late else '·'}{name}{cells}{heard_words(post):>12}{format_amount(post.waiting):>9}"
