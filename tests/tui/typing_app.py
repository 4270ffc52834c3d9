"""A small application for a terminal of its own: two fields, whose noted values it writes to a file when it ends."""

import json
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from fieldapp.tui.keys import TypingApp
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.telex import METHODS


class Typing(TypingApp[None]):
    BINDINGS = [Binding("ctrl+q", "finish", priority=False), Binding("ctrl+r", "note", priority=False)]
    field: type[Input] = TextField

    def compose(self) -> ComposeResult:
        yield self.field()
        yield self.field()

    def on_mount(self) -> None:
        self.seen: list[list[str]] = []
        self.method = METHODS.get(sys.argv[2])

    def action_note(self) -> None:
        """Note the values of the fields, clear them, and focus the first."""
        self.seen.append([f.text if isinstance(f, TextField) else f.value for f in self.query(Input)])
        for f in self.query(Input):
            f.value = ""
        self.screen.set_focus(self.query(Input).first())

    def action_finish(self) -> None:
        Path(sys.argv[1]).write_text(json.dumps(self.seen), encoding="utf-8")
        self.exit()


class Stock(Typing):
    field = Input
    on_event = App.on_event


if __name__ == "__main__":
    (Stock if sys.argv[2] == "stock" else Typing)().run()
