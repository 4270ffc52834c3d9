"""Figures as bars: one figure over months, communes, posts or kinds, and all plans; each bar opens its records."""

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.i18n import _
from fieldapp.reports import narrative
from fieldapp.reports.figures import Figure, Part, figures
from fieldapp.reports.query import Query
from fieldapp.reports.report import report
from fieldapp.reports.tables import TITLES, By, split_parts
from fieldapp.tui.screens.beside import Beside, list_width

SPLITS: tuple[By, ...] = ("month", "commune", "post", "kind")

Key = tuple[str, str]
"""Section and code of a figure"""

BESIDE = 48
"""Columns of a line that are left for words beside the bar"""
LABEL, NUMBER, SCROLLBAR = 19, 25, 2
"""Of these, what a label and a number take; a longer number takes it from the bar"""


@dataclass(frozen=True)
class Bar:
    """One bar, and what finds the records behind it."""

    label: str
    text: str
    share: float
    """0 to 1"""
    query: Query
    figure: Figure
    part: Part | None = None


class Bars(OptionList):
    """The bars; Enter opens the records behind one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Records"), key_display="Enter"),
        Binding("left", "screen.figure(-1)", _("Before"), key_display="←"),
        Binding("right", "screen.figure(1)", _("After"), key_display="→"),
    ]


class DashboardScreen(Beside):
    """One figure at a time; the arrows go to the others, F7 splits it in another way."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7", "split", _("Split otherwise")),
        Binding("f4", "app.moved('split')", show=False),
    ]

    def __init__(self, query: Query, begin: Key | None = None) -> None:
        """``begin``: the figure that is shown first."""
        super().__init__()
        self._query = query
        self._begin = begin
        self._by: By | None = "month"
        self._at = 0
        self._bars: list[Bar] = []

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield Bars(id="bars", markup=False)
        yield Static(id="why", classes="line", markup=False)

    def renew(self) -> None:
        found = narrative.in_order(figures(self.store, self._query))
        if self._begin is not None:
            self._at = next((n for n, f in enumerate(found) if (f.section, f.code) == self._begin), 0)
            self._begin = None
        self._at = self._at % len(found) if found else 0
        figure = found[self._at] if found else None
        self._bars = self._plans() if self._by is None else self._parts(self._by, figure) if figure else []
        shown = self.query_one("#bars", OptionList)
        at = shown.highlighted
        if at is None:  # at first the first bar that counts any record
            at = next((n for n, bar in enumerate(self._bars) if bar.figure.count), 0)
        shown.clear_options()
        width = list_width(self.app.size.width)
        longest = max((cell_len(bar.text) for bar in self._bars), default=0)
        full = max(width - BESIDE - max(longest - NUMBER, 0), 0)
        number = None if longest <= NUMBER else min(longest, width - SCROLLBAR - LABEL - full - 2)
        shown.add_options([Option(_drawn(bar, full, number)) for bar in self._bars])
        if not self._bars:
            shown.add_option(Option(Content(" " + _("Nothing is recorded in this period.")), disabled=True))
        shown.highlighted = min(at, len(self._bars) - 1) if self._bars else None
        shown.focus()
        title, why = [self._query.period.title, _(TITLES[self._by]) if self._by else _("Plan")], ""
        if self._by is not None and figure is not None:
            title.append(f"{figure.title}: {figure.text} ({self._at + 1}/{len(found)})")
            if any(bar.figure.shared for bar in self._bars):
                why = narrative.shared_note()
            elif not figure.adds_up:
                why = _("* The parts do not add up: what occurs in several of them counts once in the whole.")
        self.query_one("#what", Static).update(Content(" · ".join(title)))
        self.query_one("#why", Static).update(Content(why))

    def on_resize(self) -> None:
        """Bars are as wide as the screen."""
        if self._bars:
            self.renew()

    def _parts(self, by: By, figure: Figure) -> list[Bar]:
        found = []
        for piece in split_parts(self.store, self._query, by):
            same = next((f for f in piece.figures if (f.section, f.code) == (figure.section, figure.code)), None)
            if same is not None:
                found.append(Bar(piece.title, same.text, float(same.value or 0), piece.query, same, piece.part))
            elif by == "month":
                nothing = replace(figure, value=0, count=0, in_words=[], approximate=False)
                found.append(Bar(piece.title, "", 0, piece.query, nothing, piece.part))
        most = max((bar.share for bar in found), default=0) or 1
        return [replace(bar, share=bar.share / most) for bar in found]

    def _plans(self) -> list[Bar]:
        return [
            Bar(f"{p.title}{f' · {p.post}' if p.post else ''}", p.text, min(p.percent, 100) / 100, p.query, p.figure)
            for p in report(self.store, self._query).plan
        ]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.figure_records import FigureRecordsScreen

        bar = self._bars[event.option_index]
        part_name = "" if self._by in ("month", None) else bar.label
        self.app.push_screen(FigureRecordsScreen(bar.query, bar.figure, bar.part, part_name))

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.figure_records import figure_beside

        at = self.query_one("#bars", OptionList).highlighted
        bar = self._bars[at] if at is not None else None
        return figure_beside(self.store, bar.query, bar.figure, bar.part) if bar is not None else None

    def action_figure(self, step: int) -> None:
        """Go to the figure before or after."""
        if self._by is not None:
            self._at += step
            self.renew()

    def action_split(self) -> None:
        """Go to the next split: month, commune, post, kind, plan."""
        order = [*SPLITS, None]
        self._by = order[(order.index(self._by) + 1) % len(order)]
        self.renew()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Plans are all shown together."""
        return not (action == "figure" and self._by is None)


def _stroke(share: float, width: int) -> str:
    """A bar, exact to an eighth of a character; ``width``: that of a full bar."""
    eighths = round(share * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _drawn(bar: Bar, width: int, number: int | None) -> Table:
    """``width``: columns of a full bar; ``number``: those that the longest number takes, where that is much."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column(width=width)
    ratio = 4 if number is None else None
    table.add_column(ratio=ratio, width=number, justify="right", no_wrap=True, overflow="ellipsis")
    table.add_row(Text(f" {bar.label}"), Text(_stroke(bar.share, width)), Text(bar.text, style="bold"))
    return table
