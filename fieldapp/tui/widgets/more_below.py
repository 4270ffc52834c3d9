"""Says how many lines of a list, or of a form, are out of sight below."""

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fieldapp.i18n import counted


class MoreBelow(Static):
    """Blank where nothing is hidden. It always takes its row: otherwise the list would change its size with it.

    A style sheet may make it as narrow as its text, to stand on a line with others.
    """

    DEFAULT_CSS = "MoreBelow { height: 1; padding: 0 1; color: $accent; }"

    def __init__(self, of: Widget) -> None:
        super().__init__(markup=False)
        self._of = of
        self._shown = ""

    def on_mount(self) -> None:
        self.watch(self._of, "scroll_y", self._count, init=False)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._count)  # sizes are known only then

    def _count(self, *_changed: object) -> None:
        below = round(self._of.max_scroll_y - self._of.scroll_y)
        text = counted("▼ {n} more line below", "▼ {n} more lines below", below) if below > 0 else ""
        if text != self._shown:
            self._shown = text
            self.update(Content(text), layout=self.styles.auto_dimensions)
