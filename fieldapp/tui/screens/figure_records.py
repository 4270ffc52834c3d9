"""The records behind a figure, with what each adds to it."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.domain.amounts import format_amount
from fieldapp.i18n import _, counted
from fieldapp.records import words
from fieldapp.reports.figures import Behind, Figure, Part, behind
from fieldapp.reports.query import Query
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import OpenList
from fieldapp.tui.screens.beside import Beside, page_of
from fieldapp.tui.widgets.lines import refill

AMOUNT = 16
"""Columns for what a record adds"""
MOST_BESIDE, IN_SIGHT = 2_000, 60
"""Of a figure of more records, the room beside a list says only how many; at most so many are read for it"""
MAX_RECORDS = 500
"""Lines shown at most: nobody reads more, and ``report --records`` prints all"""


class FigureRecordsScreen(Beside):
    """The lines add up to the figure. A dash adds nothing: it was counted above, or the record has only words."""

    def __init__(self, query: Query, figure: Figure, part: Part | None = None, called: str = "") -> None:
        """``part``: the part that the figure is of, named ``called``."""
        super().__init__()
        self._query = query
        self._figure = figure
        self._part = part
        self._called = called
        self._records: list[str] = []

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield OpenList(id="records", markup=False)
        yield Static(id="sum", classes="line", markup=False)

    def renew(self) -> None:
        lines = behind(self.store, self._query, self._figure, self._part)
        shown = lines[:MAX_RECORDS]
        self._records = [line.record for line in shown]
        labels: dict[str, str] = {}
        for kind, ids in _by_kind(shown).items():
            labels |= words.labels_with_post(self.store, kind, ids)
        refill(self.query_one("#records", OptionList), [_drawn(line, self._figure, labels, AMOUNT) for line in shown])
        title = " · ".join(t for t in (self._figure.title, self._query.period.title, self._called) if t)
        self.query_one("#what", Static).update(Content(title))
        total = sum(line.amount or 0 for line in lines)
        more = f" · {_('{n} more').format(n=len(lines) - MAX_RECORDS)}" if len(lines) > MAX_RECORDS else ""
        text = f"{_('whole')}: {format_amount(total, self._figure.decimals)} = {self._figure.text}{more}"
        self.query_one("#sum", Static).update(Content(text))

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.record import record_beside

        at = self.query_one("#records", OptionList).highlighted
        return record_beside(self.store, self._records[at], self.beside_width) if at is not None else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.record import RecordScreen

        self.app.push_screen(RecordScreen(self._records[event.option_index]))


def figure_beside(store: Store, query: Query, figure: Figure, part: Part | None = None) -> RenderableType:
    """The records behind a figure for the room beside a list, as many as it may have lines."""
    if figure.count > MOST_BESIDE:
        return page_of(figure.title, Text(counted("{n} record", "{n} records", figure.count)))
    lines = behind(store, query, figure, part)[:IN_SIGHT]
    labels: dict[str, str] = {}
    for kind, ids in _by_kind(lines).items():
        for row_id, (day, name, post) in words.list_lines(store, kind, ids).items():
            labels[row_id] = " · ".join(filter(None, [day, name, post if store.role == "hq" else ""]))
    width = max((cell_len(_adds(line, figure)) for line in lines), default=0)
    return page_of(f"{figure.title}: {figure.text}", *(_drawn(line, figure, labels, width) for line in lines))


def _by_kind(lines: Sequence[Behind]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line.record)
    return found


def _adds(line: Behind, figure: Figure) -> str:
    return line.text(figure.decimals) or "–"


def _drawn(line: Behind, figure: Figure, labels: Mapping[str, str], width: int) -> Table:
    """What a record adds to the figure, in so many columns, and its name."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=width, justify="right")
    table.add_column(ratio=1)
    table.add_row(Text(_adds(line, figure)), Text(labels.get(line.record, "?")))
    return table
