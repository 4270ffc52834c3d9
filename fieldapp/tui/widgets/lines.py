"""Lines of a list."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.content import Content
from textual.visual import VisualType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


def refill(shown: OptionList, lines: Iterable[VisualType], nothing: str = "") -> None:
    """Show these lines instead and focus the list; the highlight keeps its place. ``nothing``: text for no lines."""
    at = shown.highlighted or 0
    options = [Option(line) for line in lines]
    shown.clear_options()
    shown.add_options(options)
    if nothing and not options:
        shown.add_option(Option(Content(f" {nothing}"), disabled=True))
    shown.highlighted = min(at, len(options) - 1) if options else None
    shown.focus()


def put(shown: Static, text: str) -> None:
    """Show a text, if it is another one: each change lays the whole screen out anew."""
    if text != (shown.content.plain if isinstance(shown.content, Content) else shown.content):
        shown.update(Content(text))


def hanging(sign: str, text: str) -> Table:
    """A sign, and beside it a text that wraps within its own column."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(ratio=1)
    table.add_row(Text(sign), Text(text))
    return table
