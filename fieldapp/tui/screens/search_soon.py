"""Searching while somebody types: the letter is painted first, then what was found, as far as it is in sight."""

from typing import Any

from textual.screen import Screen

from fieldapp.tui.after_painting import after_painting
from fieldapp.tui.host import Host
from fieldapp.tui.widgets.record_table import RecordTable


class Soon(Screen[Any]):
    """A screen that searches for what is typed. Of several letters typed in a row only the newest is searched for."""

    app: Host
    _soon = False

    def search(self) -> None:
        """Search for what is typed, and show what is found."""
        raise NotImplementedError

    @property
    def waits(self) -> bool:
        """What was typed has not been searched for."""
        return self._soon

    def search_soon(self) -> None:
        """Search when what was typed has been painted."""
        if not self._soon:
            self._soon = True
            after_painting(self, self._search_if_shown)

    def _search_if_shown(self) -> None:
        if self.is_current and not self.app.locked:  # otherwise the screen renews itself when it is shown again
            self.catch_up()

    def catch_up(self) -> None:
        """Search now, if that is still to be done: a key is about what was typed before it."""
        if self._soon:
            self._soon = False
            self.search()


class SearchSoon(Soon):
    """One that shows what is found in a table."""

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
