"""What a key costs at the end of a short and of a long text, beside a bare Textual field, in processor time.

    python benchmarks/long_text.py

Ours is a line of a form with the whole text below it, with and without the program's own Telex; theirs are ``Input``,
which shows one line, and ``TextArea``, which wraps it. All take turns, so that noise hits all of them.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Input, TextArea

from fieldapp.tui.keys import TypingApp
from fieldapp.tui.widgets.entry import LongEntry
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.vietnamese.telex import TELEX

SENTENCE = "giúp dân gặt lúa chạy lũ ở thôn "
LENGTHS = (100, 1_000, 3_000)
TURNS, KEYS = 5, 40


class BareInput(App[None]):
    def compose(self) -> ComposeResult:
        yield Input()


class BareArea(App[None]):
    def compose(self) -> ComposeResult:
        yield TextArea()


class Ours(TypingApp[None]):
    def compose(self) -> ComposeResult:
        yield FieldRow("description", "Nội dung", LongEntry())


class OursTelex(Ours):
    method = TELEX


CONTESTANTS: dict[str, Callable[[], App[Any]]] = {
    "ours": Ours,
    "ours, own Telex": OursTelex,
    "bare Input": BareInput,
    "bare TextArea": BareArea,
}


async def key_costs(app: App[Any]) -> dict[int, float]:
    """Length of the text -> milliseconds of processor time for a key at its end, painted."""
    costs = {}
    async with app.run_test(size=(80, 24)) as pilot:
        field = app.query(Input).first() if app.query(Input) else app.query_one(TextArea)
        field.focus()
        for length in LENGTHS:
            text = (SENTENCE * (length // len(SENTENCE) + 1))[:length]
            if isinstance(field, TextArea):
                field.text = text
                field.move_cursor(field.document.end)
            else:
                field.value = text
                field.cursor_position = length
            for _ in range(4):
                await pilot.pause()
            begun = time.process_time()
            for n in range(KEYS):
                letter = "thuowngf "[n % 9]
                app.post_message(Key("space" if letter == " " else letter, letter))
                await pilot.pause()
            costs[length] = (time.process_time() - begun) / KEYS * 1_000
    return costs


def main() -> None:
    """Print milliseconds a key, and ratios to the bare fields."""
    costs: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _turn in range(TURNS):
        for name, make in CONTESTANTS.items():
            for length, cost in asyncio.run(key_costs(make())).items():
                costs[name, length].append(cost)
    typical = {place: statistics.median(found) for place, found in costs.items()}
    print("letters".ljust(20) + "".join(f"{length:>10,}" for length in LENGTHS) + "   long / short")
    for name in CONTESTANTS:
        row = [typical[name, length] for length in LENGTHS]
        print(name.ljust(20) + "".join(f"{cost:>7.2f} ms" for cost in row) + f"{row[-1] / row[0]:>12.2f}×")
    for bare in ("bare Input", "bare TextArea"):
        ratios = "".join(f"{typical['ours', length] / typical[bare, length]:>9.2f}×" for length in LENGTHS)
        print(f"ours / {bare}".ljust(20) + ratios)


if __name__ == "__main__":
    main()
