"""A record that may be there already, beside the one that is being written."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fieldapp.i18n import _
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.widgets.footer import KeyFooter

Lines = Sequence[tuple[str, str]]
"""(title, text) of each field that holds something"""


class DuplicateDialog(Dialog):
    """Dismisses with True if the new record is another one and is to be recorded, or with the id of the other one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", _("Take the recorded one"), key_display="Enter"),
        Binding("f2", "record", _("Record all the same")),
    ]

    TITLES: ClassVar[tuple[str, str]] = ("this one", "recorded already")

    def __init__(self, question: str, mine: Lines, other: Lines, other_id: str | None = None) -> None:
        """``other_id``: given where the other record can be taken instead of a new one."""
        super().__init__()
        self._question = question
        self._mine = mine
        self._other = other
        self._other_id = other_id

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._question), classes="section")
            with VerticalScroll():
                yield Static(side_by_side(self._mine, self._other, self.TITLES), id="both")
        yield KeyFooter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the other record only where it can be taken."""
        return action != "take" or self._other_id is not None

    def action_take(self) -> None:
        """Answer that it is the recorded one."""
        self.dismiss(self._other_id)

    def action_record(self) -> None:
        """Answer that it is another record."""
        self.dismiss(True)


class MergeDialog(DuplicateDialog):
    """Dismisses with True if the stored record on the left gives way to the one on the right: both are one person."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "record", _("Merge"))]

    TITLES = ("gives way", "stays")


def side_by_side(mine: Lines, other: Lines, headings: tuple[str, str]) -> Table:
    """Both records in one table: equal lines once, differing lines marked."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=20)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row("", *(Text(_(heading), style="bold") for heading in headings))
    right: dict[str, list[str]] = {}
    for title, text in other:
        right.setdefault(title, []).append(text)
    for title, text in mine:
        there = right.get(title, [])
        fits = there.pop(there.index(text) if text in there else 0) if there else ""
        sign = "=" if fits == text else "≠"
        table.add_row(Text(f"{sign} {title}"), Text(text), Text(fits))
    for title, texts in right.items():
        for text in texts:
            table.add_row(Text(f"≠ {title}"), "", Text(text))
    return table
