"""The guided first quarter of an hour: the next step is shown below the header, and checked off when it is done."""

from collections.abc import Iterator
from pathlib import Path

from textual import getters, work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fieldapp import tutorial
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.host import Host
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.search import SearchScreen

LOOK_SECONDS = 0.5


class StepLine(Static):
    """The next thing to do."""

    app = getters.app(Host)
    DEFAULT_CSS = "StepLine { height: auto; padding: 0 1; background: $warning; color: $text; text-style: bold; }"

    def on_mount(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Show the step that is next now."""
        self.update(Content(tutorial.next_step_text(self.app.store)))


class TutorialApp(FieldApp):
    """The application on a practice post. Once a stick is written, the program answers it as headquarters would."""

    def __init__(self, home: Path, store: Store) -> None:
        super().__init__(home, store)
        self._carrying = False

    def banner(self) -> Iterator[Widget]:
        """The widgets below the header of each page."""
        yield StepLine(markup=False)

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self._look_at_steps)

    def _look_at_steps(self) -> None:
        if self.locked or self._is_busy() or self._carrying:
            return
        stack = self.screen_stack
        if isinstance(stack[-1], RecordScreen) and any(isinstance(screen, SearchScreen) for screen in stack):
            tutorial.found(self.store)
        if tutorial.is_waiting(self.store):
            self._carrying = True
            self._carry()
        for line in self.screen.query(StepLine):
            line.renew()

    @work(thread=True)
    def _carry(self) -> None:
        try:
            with self.store.reopen() as store:
                tutorial.carry(store)
        finally:
            self._carrying = False
