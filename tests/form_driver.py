"""A driver that types into a form on a real encrypted store and reads what the form shows."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from field import World
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Static

from fieldapp.records import lists, records
from fieldapp.store.store import Draft, Store
from fieldapp.tui import app
from fieldapp.tui.host import Host
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.widgets.editor import Editor
from fieldapp.tui.widgets.field_row import FieldRow


class FormApp(Host):
    """An application with only a store and one form, drawn as in the real one."""

    CSS_PATH = Path(app.__file__).with_name("fieldapp.tcss")

    def __init__(self, store: Store, form: FormScreen) -> None:
        super().__init__(store)
        self.form = form
        self.result: Any = "open"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return app.FieldApp.get_theme_variable_defaults(self)  # type: ignore[arg-type]

    def on_mount(self) -> None:
        def left(result: Any) -> None:
            self.result = result

        self.push_screen(self.form, left)


async def strokes(pilot: Pilot[Any], *parts: str) -> None:
    """Press keys: ``<f2>`` is a key, anything else is typed letter by letter, as fast as an input method does."""
    for part in parts:
        if part.startswith("<") and part.endswith(">"):
            await pilot.press(part[1:-1])
        else:
            for letter in part:
                pilot.app.post_message(Key(letter, letter))
            await pilot.pause()
    for _ in range(3):  # the effects of the last key: messages, then what waits for the screen to be drawn
        await pilot.pause()


class FormDriver:
    """Types into a form and reads what it shows."""

    def __init__(self, app: FormApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def type(self, *parts: str) -> None:
        """Press keys, as ``strokes`` does."""
        await strokes(self.pilot, *parts)

    def row(self, key: str) -> FieldRow:
        return next(row for row in self.app.form.query(FieldRow) if row.key == key)

    def part(self, key: str) -> Editor:
        return next(part for part in self.app.form.query(Editor) if part.key == key)

    def text(self) -> str:
        """The whole screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    def focus_is_at(self, key: str) -> bool:
        return self.row(key).has_focus_within

    def note(self, key: str) -> str:
        """The text beside or below a field."""
        row = self.row(key)
        return " ".join(str(s.render()) for s in row.query(Static) if s.display and not s.has_class("label"))


@asynccontextmanager
async def form_driver(
    store: Store, kind: str, row_id: str | None = None, draft: Draft | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[FormDriver, None]:
    """Run an application with one form, new or of a record or draft, and drive it."""
    app = FormApp(store, FormScreen(kind, row_id, draft))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield FormDriver(app, pilot)


def cell(world: World) -> str:
    return lists.choices(world.post, "party_cell", "ba na")[0][0]


def members(world: World, count: int) -> list[str]:
    return [
        records.save(world.post, "member", {"full_name": f"Trần Văn {n:02}", "party_cell_id": cell(world)})
        for n in range(1, count + 1)
    ]
