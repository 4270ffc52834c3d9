"""What a key costs does not grow with the text, and a long text looks as the stock widgets would show it."""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from field import World
from form_driver import form_driver, strokes
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from fieldapp.tui.app import FieldApp
from fieldapp.tui.keys import TypingApp
from fieldapp.tui.widgets.long_text import Cells, WrappedText, changed
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.telex import TELEX

SENTENCE = "giúp dân gặt lúa chạy lũ ở thôn "
SHORT, LONG = 200, 3_000
LETTERS = "aeo\u0301ếữ đ 稲漢  n"
"""Among them letters of two cells, of none, and blanks"""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts the calls of Python functions, and how often generators go on: what is done for each letter shows."""
    calls: Counter[str] = Counter()

    def called(frame: FrameType, event: str, _arg: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1

    sys.setprofile(called)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def cost(pilot: Pilot[Any], field: Input, length: int) -> int:
    """Calls for some keys at the end of a text."""
    field.value = (SENTENCE * (length // len(SENTENCE) + 1))[:length]
    field.cursor_position = length
    await strokes(pilot, "la")  # a new line of what is shown below, if it is due
    with counted() as calls:
        for key in "bxyz":
            await strokes(pilot, key)
    return calls.total()


async def test_a_key_costs_no_more_in_a_long_text(world: World) -> None:
    world.well(description="Giếng khoan")
    found = {}
    async with form_driver(world.post, "activity") as form:
        form.app.method = TELEX
        for key in ("description", "hamlet", "unit_id"):
            entry = form.row(key).entry
            entry.focus()
            found[key] = [await cost(form.pilot, entry, length) for length in (SHORT, LONG)]
            entry.value = ""
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("f3", "f2"):
            await strokes(pilot, f"<{key}>")
            field = app.screen.query_one(Input)
            found[key] = [await cost(pilot, field, length) for length in (SHORT, LONG)]
            await strokes(pilot, "<escape>")
    assert {key: calls for key, calls in found.items() if calls[1] > 1.5 * calls[0]} == {}


class Page(TypingApp[None]):
    def compose(self) -> ComposeResult:
        yield TextField()
        yield WrappedText()
        yield Static(markup=False, id="stock")


def cells(strip: Strip) -> list[tuple[str, str]]:
    return [(letter, str(segment.style)) for segment in strip for letter in segment.text]


async def test_the_part_that_can_be_seen_is_painted_as_the_stock_field_paints_it() -> None:
    rng = random.Random(5)
    app = Page()
    async with app.run_test(size=(40, 12)) as pilot:
        field = app.query_one(TextField)
        for _round in range(30):
            field.value = "".join(rng.choices(LETTERS, k=rng.randint(30, 300)))
            ends = [rng.randint(0, len(field.value)) for _ in range(2)]
            field.selection = Selection(*ends) if rng.random() < 0.5 else Selection.cursor(ends[0])
            await pilot.pause()
            ours, theirs = cells(field.render_line(0)), cells(Input.render_line(field, 0))
            assert ours == theirs


async def test_a_text_that_changes_is_wrapped_as_the_stock_widget_wraps_it() -> None:
    rng = random.Random(6)
    app = Page()
    async with app.run_test(size=(30, 60)) as pilot:
        wrapped, stock = app.query_one(WrappedText), app.query_one("#stock", Static)
        text = ""
        for _round in range(60):
            start, end = sorted(rng.randint(0, len(text)) for _ in range(2))
            end = min(end, start + rng.choice([0, 0, 1, 3, 40]))
            text = text[:start] + "".join(rng.choices(LETTERS + "\n", k=rng.choice([1, 1, 2, 60]))) + text[end:]
            text = text[:400]
            wrapped.show(text)
            stock.update(text)
            await pilot.pause()
            await pilot.pause()
            ours, theirs = (
                [widget.render_line(y).text.rstrip() for y in range(widget.size.height)] for widget in (wrapped, stock)
            )
            assert ours == theirs


@given(st.lists(st.text(alphabet="ab稲\u0301", max_size=12), max_size=6))
def test_cells_are_counted_anew_only_where_a_text_differs(texts: list[str]) -> None:
    counting, before = Cells(), ""
    for text in texts:
        assert counting.of(text) == cell_len(text)
        start, old_end, new_end = changed(before, text)
        assert before[:start] + text[start:new_end] + before[old_end:] == text
        before = text
