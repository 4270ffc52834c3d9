"""A table of what is found while somebody types: drawn as far as it is in sight."""

from typing import Any

from textual.screen import Screen

from fieldapp.tui.after_painting import Soon
from fieldapp.tui.widgets.record_table import RecordTable


class SearchSoon(Screen[Any], Soon):
    """A screen that shows what is found in a table."""

    @property
    def at_a_time(self) -> int:
        """How many lines are drawn at once: as many as the screen can have."""
        return self.app.size.height

    def draw(self, first: int, last: int) -> None:
        """Add the lines of what was found from ``first`` to before ``last`` to the table, which has those above."""
        raise NotImplementedError

    def choose(self, at: int, found: int) -> None:
        """Choose a line of so many that were ``found``; lines down to it are drawn first."""
        table = self.query_one(RecordTable)
        while max(at, self.at_a_time - 1) >= (drawn := len(table.lines)) and drawn < found:
            self.draw(drawn, drawn + self.at_a_time)
        table.choose(at)
