"""Lines of a list."""

from rich.table import Table
from rich.text import Text


def hanging(sign: str, text: str) -> Table:
    """A sign, and beside it a text that goes on below itself."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(ratio=1)
    table.add_row(Text(sign), Text(text))
    return table
