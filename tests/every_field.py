"""All fields for text, in a terminal of their own: the program, and a key that notes what the focused field holds.

``python every_field.py ROOT OUT STEP HABITS`` runs the real application on the post of a small world, then on its
headquarters. It walks their screens (those of ``every_screen``, and a form of each kind of record; each STEP-th of
them), finds all fields that can be typed into, and focuses one after the other. Ctrl+R notes what the field holds, and
empties it. After one note for each of HABITS, which are ways of typing (``input_methods``, or empty), it appends a line
to OUT, and goes on. In a form the note is what the file has after the form was kept. Where STEP is more than 1, one
field of each class is enough.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import every_screen
from field import World
from textual import events
from textual.binding import Binding
from textual.widgets import Input
from tui.test_opened_in_a_burst import well_of

from fieldapp.domain.records import RECORDS
from fieldapp.records import plans
from fieldapp.records.plans import Aim, PlanCell
from fieldapp.reports.query import period_of
from fieldapp.store.store import Store
from fieldapp.tui import app
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.kind import KindForm
from fieldapp.tui.screens.plans import PlansScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean


def screens() -> Iterator[tuple[str, str, every_screen.Opened]]:
    """The screens: laptop, name, and what opens it, with the keys that are pressed then."""
    opened: dict[str, every_screen.Opened] = {
        "figures": (lambda _w, _s: FormScreen("activity", initial={"activity_kind_id": "gieng_khoan"}), ())
    }
    opened |= every_screen.at_post()
    for record in RECORDS:
        opened[record.KIND] = (lambda _w, _s, kind=record.KIND: FormScreen(kind), ())  # type: ignore[misc]
    for name, one in opened.items():
        yield "post", name, one
    for name, one in every_screen.at_headquarters().items():
        yield "hq", name, one
    yield "hq", "plans", (with_a_plan, ())
    yield "hq", "what is to be corrected", (lambda _w, s: RecordScreen(well_of(s)), ("delete", "enter"))
    yield (
        "hq",
        "a kind that posts use",
        (lambda _w, s: KindForm(s.value("SELECT min(activity_kind_id) FROM kind_measure")), ()),
    )
    for name in AT_BOTH:
        yield "hq", name, opened[name]
    for record in RECORDS:
        if record.REFERENCE:
            yield "hq", record.KIND, opened[record.KIND]


AT_BOTH = (
    *("LetterheadScreen", "ReportTextScreen", "ReportFileScreen", "ListScreen", "SearchScreen", "SyncScreen"),
    *("SheetFileScreen", "PaperScreen", "NewPersonScreen", "WayFinder"),
)
"""Screens of a post that headquarters uses too"""


def with_a_plan(_world: World, store: Store) -> PlansScreen:
    """The plans, with a column."""
    year = period_of("2026", date(2026, 12, 1))
    measure = str(store.value("SELECT id FROM measure ORDER BY id LIMIT 1"))
    plans.save_plans(store, year.first, year.last, {PlanCell(None, Aim(measure)): "12"}, reason="", confirm=True)
    return PlansScreen(year)


class EveryField(FieldApp):
    """Goes from field to field."""

    CSS_PATH = str(Path(app.__file__).with_name("fieldapp.tcss"))
    BINDINGS = [Binding("ctrl+r", "note", priority=True)]

    def __init__(self, world: World, out: Path, habits: Sequence[str], step: int) -> None:
        super().__init__(world.root / "post", world.post.reopen())
        self._world, self._out, self._habits, self._step = world, out, habits, step
        self._screens = iter(list(screens())[::step])
        self._laptop = "post"
        self._name, self._seen = "", set[type]()
        self._left: Iterator[Input] = iter(())
        self._field: Input | None = None
        self._notes: list[str] = []

    async def action_note(self) -> None:
        """Note what the field holds, and go on where it has been noted often enough."""
        if self._field is not None:
            self._notes.append(self._held(self._field))
            self._field.value = ""
            if len(self._notes) == len(self._habits):
                self._tell(self._field)
                await self._go_on()
        else:
            await self._go_on()
        self.habit = self._habits[len(self._notes)]

    def _held(self, field: Input) -> str:
        """What the field holds, as it is stored; in a form: what the file has."""
        if self.focused is not field:
            return f"the focus is at {self.focused}"
        text = field.text if isinstance(field, TextField) else field.value
        screen = self.screen
        if type(screen) is FormScreen:
            screen.keep()
            kept = [draft.data for draft in self.store.drafts() if draft.id == screen._draft_id]
            return text if text in _texts(kept) else f"{text}, but not in the file"
        return text

    def _tell(self, field: Input) -> None:
        composes = isinstance(field, TextField) and field.VIETNAMESE and not field.password
        moves = any(b.action.startswith("cursor") for b in field._bindings.key_to_bindings["left"])
        line = {"screen": self._name, "field": type(field).__name__, "id": field.id, "composes": composes}
        line |= {"moves": moves}  # ← is for the text; in the plans it is for their cells
        with self._out.open("a", encoding="utf-8") as out:
            print(json.dumps(line | {"notes": self._notes}, ensure_ascii=False), file=out)
        self._notes = []

    async def _go_on(self) -> None:
        """Focus the next field that is on the screen; open the next screen where there is none."""
        while True:
            for field in self._left:
                if field.focusable and field.region and not (self._step > 1 and type(field) in self._seen):
                    self._seen.add(type(field))
                    self._field = field
                    self.screen.set_focus(field)
                    field.value = ""
                    return
            while len(self.screen_stack) > 2:
                self.pop_screen()
            laptop, self._name, (make, keys) = next(self._screens, ("", "", (None, ())))
            if make is None:
                self.exit()
                return
            if laptop != self._laptop:
                self.store.close()
                self._laptop, self._store = laptop, self._world.hq.reopen()
            await self.push_screen(make(self._world, self.store))
            await self._settle()
            for key in keys:
                await self._press(events.Key(key, None), self.focused if isinstance(self.focused, TextField) else None)
                await self._settle()
            self._left = iter([*self.screen.query(Input)])


def _texts(data: Any) -> set[str]:
    """All texts within, as they are stored."""
    if isinstance(data, str):
        return {clean(data)}
    within = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return set().union(*map(_texts, within))


if __name__ == "__main__":
    root, out, step, habits = sys.argv[1:]
    keys = json.loads(Path(out).with_suffix(".keys").read_text())
    given = World(Path(root), {name: bytes.fromhex(key) for name, key in keys.items()})
    every_field = EveryField(given, Path(out), json.loads(habits), int(step))
    every_field.run()
    sys.exit(every_field.return_code or 0)
