"""Room for two: at the right of a list, what Enter would open, where the screen is wide enough."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static

from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.more_below import MoreBelow

WIDE = 120
"""Columns of the screen from which on there is room for two"""
LEAST = 80
"""Columns that the list keeps: it looks as on a screen of this width"""
FRAME = 6
"""Columns that the line between the two takes, and the blanks around what is beside the list"""


def list_width(screen: int) -> int:
    """Columns for the list on a screen of so many: half of a wide one, but as many as it needs; all of a narrow one."""
    return screen if screen < WIDE else max(LEAST, screen // 2)


class Beside(Page):
    """A page with a list as its ``body``. Nothing is different on a narrow screen.

    What is beside the list takes no keys and no focus: a screen may become wide or narrow while somebody types.
    """

    _beside_due = False

    def arranged(self) -> ComposeResult:
        with Horizontal(id="halves"):
            with Vertical(id="list-half"):
                yield from self.body()
            if self.app.size.width >= WIDE:
                yield _other_half()

    def beside(self) -> RenderableType | None:
        """What Enter would open on the chosen line; None where it opens nothing."""
        raise NotImplementedError

    @property
    def beside_width(self) -> int:
        """Columns for what is beside the list."""
        return self.app.size.width - list_width(self.app.size.width) - FRAME

    def on_resize(self) -> None:
        width = self.app.size.width
        self.set_class(width >= WIDE, "-wide")
        self.query_one("#list-half").styles.width = list_width(width) if width >= WIDE else "1fr"
        if width >= WIDE and not self.query("#beside"):
            self.call_later(self._add_other_half)
        self.show_beside()

    async def _add_other_half(self) -> None:
        """Make what is beside the list once there is room for it: most screens are narrow, and open without it."""
        if not self.query("#beside"):
            await self.query_one("#halves").mount(_other_half())
            self.show_beside()

    def on_screen_resume(self) -> None:
        self.show_beside()

    def on_mount(self) -> None:
        for shown in self.query("#list-half OptionList").results(OptionList):
            self.watch(shown, "highlighted", self.show_beside, init=False)  # also when nothing is, which is no message

    def show_beside(self) -> None:
        """Show what Enter would open, once the chosen line is painted; of several keys in a row, for the last."""
        if not self._beside_due:
            self._beside_due = True
            self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        self._beside_due = False
        if not self.has_class("-wide") or not self.is_current or self.app.locked:
            return
        for shown in self.query("#beside-text").results(Static):  # none yet where the screen became wide just now
            shown.update(self.beside() or "")
            if shown.parent is not None:
                shown.parent.scroll_home(animate=False)  # type: ignore[attr-defined]


def _other_half() -> Vertical:
    shown = VerticalScroll(Static(id="beside-text", markup=False), can_focus=False)
    return Vertical(shown, MoreBelow(shown), id="beside")


def page_of(title: str, *parts: RenderableType) -> Table:
    """A heading, and below it the parts of a page."""
    page = Table.grid()
    page.add_column()
    page.add_row(Text(f"{title}\n", style="bold"))
    for part in parts:
        page.add_row(part)
    return page


def titled(lines: Sequence[tuple[str, str]]) -> Text:
    """“title: text” of each line, for a narrow column."""
    return Text("\n").join(Text.assemble((f"{title}: ", "dim"), text) for title, text in lines)
