"""The records behind a figure, with what each adds to it."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.domain.amounts import format_amount
from fieldapp.i18n import _
from fieldapp.records import words
from fieldapp.reports.figures import Behind, Figure, Part, behind
from fieldapp.reports.query import Query
from fieldapp.tui.screens.base import OpenList, Page
from fieldapp.tui.widgets.lines import refill

MAX_RECORDS = 500
"""Lines shown at most: nobody reads more, and ``report --records`` prints all"""


class FigureRecordsScreen(Page):
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
        for kind in {line.kind for line in shown}:
            ids = [line.record for line in shown if line.kind == kind]
            labels |= words.labels_with_post(self.store, kind, ids)
        refill(self.query_one("#records", OptionList), [self._drawn(line, labels) for line in shown])
        title = " · ".join(t for t in (self._figure.title, self._query.period.title, self._called) if t)
        self.query_one("#what", Static).update(Content(title))
        total = sum(line.amount or 0 for line in lines)
        more = f" · {_('{n} more').format(n=len(lines) - MAX_RECORDS)}" if len(lines) > MAX_RECORDS else ""
        text = f"{_('whole')}: {format_amount(total, self._figure.decimals)} = {self._figure.text}{more}"
        self.query_one("#sum", Static).update(Content(text))

    def _drawn(self, line: Behind, labels: Mapping[str, str]) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=16, justify="right")
        table.add_column(ratio=1)
        table.add_row(Text(line.text(self._figure.decimals) or "–"), Text(labels.get(line.record, "?")))
        return table

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.record import RecordScreen

        self.app.push_screen(RecordScreen(self._records[event.option_index]))
