"""Searching while somebody types: the letter is painted first, then what was found."""

from textual.widget import Widget

from fieldapp.tui.host import Host

PAUSE = 0.003
"""Seconds left to whatever carries a painted letter to the eye, before its search takes the processor: the thread that
writes, the kernel's worker for the terminal, and the terminal. What is found is painted no later: by Textual's next
picture, at most 60 a second"""


class Soon(Widget):
    """A screen or a field that searches for what is typed. Of several letters typed in a row only the newest is
    searched for. It is not the first base of its class: Textual looks for styles along that one."""

    app: Host
    waits = False
    """What was typed has not been searched for"""

    def search(self) -> None:
        """Search for what is typed, and show what is found."""
        raise NotImplementedError

    def search_soon(self) -> None:
        """Search when what was typed has been painted, and sent to the terminal."""
        if not self.waits:
            self.waits = True
            # behind the messages of letters that came together: when they are handled, the screen learns what to paint
            self.call_later(self.call_after_refresh, self.set_timer, PAUSE, self._search_if_shown)

    def _search_if_shown(self) -> None:
        # otherwise when it is shown again, or at the next key
        if self.is_attached and self.screen.is_current and not self.app.locked:
            self.catch_up()

    def catch_up(self) -> None:
        """Search now, if that is still to be done: a key is about what was typed before it."""
        if self.waits:
            self.waits = False
            self.search()
