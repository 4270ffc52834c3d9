"""A monkey at the keyboard: bursts of keys, pieces of letters, escape sequences and pastes over all screens.

A seed and a number make a *round*: the program on a small world, some screens, and some bursts at each. What a
terminal would send goes through the program's parser, and its keys through its own loop. After each burst it must hold:

- nothing unexpected was raised, and the program goes on (or was left by Ctrl+Q, with status 0);
- what is typed in a form is there: in the form, or in a draft, or recorded;
- a record was confirmed, changed or voided only where a key was pressed that asks for it.

At the end of each screen F1 shows the help.
"""

import asyncio
import csv
import random
import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bursts import corrected
from field import PASSPHRASE, World
from textual import events
from textual._time import get_time
from textual.message import Message
from textual.screen import Screen
from tui.test_opened_in_a_burst import HQ, POST, Make

from fieldapp.domain.records import RECORDS
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.base import Dialog, Page
from fieldapp.tui.screens.double_entry import BlindForm
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.help import HelpScreen
from fieldapp.tui.screens.record_files import RecordFilesScreen
from fieldapp.tui.terminal_keys import Setting, TerminalParser
from fieldapp.tui.widgets.text_field import HELD_MARK, OPENKEY_MARK
from fieldapp.vietnamese.old_fonts import unicode_text
from fieldapp.vietnamese.text import composed

BURSTS_PER_SCREEN = 20
SCREENS_PER_ROUND = 5
TABLE = Path(__file__).parent / "data" / "terminal_keys.tsv"
END = "ctrl+f35"
"""A key that means nothing: when it is handled, those before it are"""
CLICK = "click"
ASKING = {"f2", "f6", "enter", "delete", CLICK}
"""Keys after which something may have been recorded: what they mean, and answers to questions; a click presses any"""
PATIENCE = 60
"""Seconds for one burst"""


def _sequences() -> list[str]:
    with TABLE.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["bytes"].encode("ascii").decode("unicode_escape") for row in rows]


SEQUENCES = _sequences()
KEYS = (
    "\r",
    "\r",
    "\r",
    "\t",
    "\x1b",
    "\x7f",
    "\x08",
    "\x1b[A",
    "\x1b[B",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[Z",
    "\x1b[3~",
)
FUNCTIONS = (
    "\x1bOP",
    "\x1bOQ",
    "\x1bOQ",
    "\x1bOR",
    "\x1bOS",
    "\x1b[15~",
    "\x1b[15;2~",
    "\x1b[17~",
    "\x1b[18~",
    "\x1b[19~",
    "\x1b[20~",
    "\x1b[24~",
)
WORDS = ("Giếng khoan nghĩa tình", "buôn Ba Na", "Siu Blêh", "Rơ Châm Hyeo", "ốm, có lý do", "Ƀuôn Đrăng Phốk")
TYPED = (
    "gieng",
    "ba na",
    "24221",
    "5-11",
    "12.11",
    "051126",
    "hn",
    "hq",
    "35tr",
    "2.100",
    "1",
    "12",
    "40 hộ",
    "dang vien",
    "ho",
    "a",
    "v",
    "n",
    " ",
    ".",
)
ODD = (
    *("\ufeff", "\u00ad", "\u200d", "\u202e", "\ufe0f", "\u0301\u0302", "\u031b", "\u2060", "\u202f", "\u00a0"),
    *("\0", "\x85", "\x9b", "Ð", "Ａ１", "А"),
)
"""What is not seen, not ours, or comes in another order"""
CONTROLS = [chr(code) for code in range(1, 27) if code != 17]


def _text(rng: random.Random) -> str:
    return rng.choice(WORDS if rng.random() < 0.5 else TYPED)


def _letters(rng: random.Random) -> bytes:
    """Pieces of UTF-8, and bytes that are none."""
    data = unicodedata.normalize(rng.choice(["NFC", "NFD"]), rng.choice(WORDS)).encode()
    at = rng.randrange(len(data))
    return data[at : at + rng.randint(1, 5)] + bytes(rng.choices(range(0x80, 0x100), k=rng.randint(0, 2)))


def _paste(rng: random.Random) -> str:
    pieces = (_text(rng) + rng.choice(["", "", *ODD]) for _n in range(rng.choice([1, 2, 3, 4, 5, 300])))
    text = "".join(piece + rng.choice(["", "\r\n", "\t"]) for piece in pieces)
    return f"\x1b[200~{text}" + rng.choice(["\x1b[201~"] * 4 + ["", "\x1b[2", "\x1b[200~"])


def _noise(rng: random.Random) -> str:
    return "\x1b" + "".join(rng.choices("[[O]P?<;:0123456789~$^@uABCDHFMRZaIty\x1b\x07\\ ", k=rng.randint(1, 12)))


def _mouse(rng: random.Random) -> str:
    at = f"{rng.randint(1, 80)};{rng.randint(1, 24)}"
    return f"\x1b[<0;{at}M\x1b[<0;{at}m" if rng.random() < 0.7 else f"\x1b[<{rng.choice([64, 65])};{at}M"


PIECES: Sequence[tuple[int, Callable[[random.Random], str | bytes]]] = (
    (22, _text),
    (6, lambda rng: corrected(_text(rng), rng, rng.choice(["", OPENKEY_MARK]))),
    (3, lambda rng: unicodedata.normalize("NFD", _text(rng))),
    (26, lambda rng: rng.choice(KEYS)),
    (14, lambda rng: rng.choice(FUNCTIONS)),
    (5, lambda rng: rng.choice(KEYS) * rng.randint(2, 9)),
    (8, lambda rng: rng.choice(SEQUENCES)),
    (3, lambda rng: rng.choice(CONTROLS)),
    (5, _letters),
    (3, lambda rng: _text(rng)[: rng.randint(0, 3)] + rng.choice(ODD)),
    (4, _paste),
    (3, _noise),
    (3, _mouse),
)


def burst(rng: random.Random) -> bytes:
    """What arrives at once."""
    made = rng.choices([make for _often, make in PIECES], [often for often, _make in PIECES], k=rng.randint(1, 6))
    return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in (make(rng) for make in made))


class Fault(AssertionError):
    """What must hold does not."""


@dataclass
class Monkey:
    """Sends bursts to a running application, and looks at what must hold."""

    app: FieldApp
    sent: list[bytes] = field(default_factory=list)
    """What was sent, with the names of the screens that were opened"""
    bursts: int = 0

    def __post_init__(self) -> None:
        self._parser = TerminalParser(setting=Setting("xterm-256color"))
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._handled = asyncio.Event()
        self.keys: list[str] = []
        self.seen: set[type[Screen[Any]]] = set()
        """Screens on which keys of this burst were pressed"""
        plain = self.app._press

        async def press(event: events.Key, at: Any) -> None:
            if event.key == END:
                self._handled.set()
            else:
                self.seen.add(type(self.app.screen))
                await plain(event, at)

        self.app._press = press  # type: ignore[method-assign, assignment]

    async def send(self, data: bytes) -> None:
        """Send bytes; return when all that they mean is done."""
        self.sent.append(data)
        self.bursts += 1
        messages = list(self._parser.feed(text)) if (text := self._decode(data)) else []
        while self._parser._timeout_time is not None:  # nothing comes for a while
            self._parser._timeout_time = get_time()
            messages += self._parser.tick()
        self.keys = [message.key for message in messages if isinstance(message, events.Key)]
        self.keys += [CLICK for message in messages if isinstance(message, events.MouseDown)]
        self.seen.clear()
        await self.post(*messages)

    async def post(self, *messages: Message) -> None:
        """Give the application what the terminal's messages are, and wait."""
        driver = self.app._driver
        assert driver is not None
        self._handled.clear()
        for message in messages:
            driver.process_message(message)
        driver.process_message(events.Key(END, None))
        await self.until(self._handled.is_set)

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait; the program is left or answers in good time."""
        end = get_time() + PATIENCE
        while not done() and not self.app._exit:
            await asyncio.sleep(0)
            if get_time() > end:
                raise Fault("the program does not answer")

    @property
    def works(self) -> bool:
        """Whether what was asked for is still being done, as files are attached."""
        return any(isinstance(screen, Page | Dialog) and screen.busy for screen in self.app.screen_stack)

    async def answers(self) -> bool:
        """F1 shows the help."""
        if self.app.locked:
            await self.post(*(events.Key(c, c) for c in PASSPHRASE), events.Key("enter", "\r"))
        await self.post(events.Key("escape", "\x1b"))
        await self.post(events.Key("f1", None))
        await asyncio.sleep(0)
        return self.app._exit or isinstance(self.app.screen, HelpScreen)


class Watch:
    """What must hold between two bursts."""

    def __init__(self, monkey: Monkey, store: Store) -> None:
        self._monkey, self._store = monkey, store
        self._saved: dict[str, list[dict[str, Any]]] = {}
        """Draft -> all that was kept of it in this burst"""
        plain = monkey.app.store.save_draft

        def save(draft_id: str, kind: str, row_id: str | None, data: dict[str, Any]) -> None:
            plain(draft_id, kind, row_id, data)
            self._saved.setdefault(draft_id, []).append(data)

        monkey.app.store.save_draft = save  # type: ignore[method-assign]

    def begin(self) -> None:
        """Begin at the screen that was opened just now."""
        self._changes, self._drafts, self._forms = self._count(), self._kept(), self._open_forms()
        self._may_record = self._monkey.works or self._shows_files()
        """Asked for before; or whoever leaves the caption of a file keeps it"""
        self._begun = {form: form._changed() for form in self._forms}
        """Forms that were opened with something in them, as a pinned value or the name that a pick list lacks"""
        self._saved.clear()

    def _count(self) -> int:
        return int(self._store.value("SELECT count(*) FROM local_change"))

    def _kept(self) -> dict[str, dict[str, Any]]:
        return {draft.id: draft.data for draft in self._store.drafts()}

    def _open_forms(self) -> list[FormScreen]:
        stack = self._monkey.app.screen_stack
        return [s for s in stack if isinstance(s, FormScreen) and not isinstance(s, BlindForm) and s.is_mounted]

    def _shows_files(self) -> bool:
        return any(isinstance(screen, RecordFilesScreen) for screen in self._monkey.app.screen_stack)

    def look(self) -> None:
        """Raise what does not hold."""
        app, keys = self._monkey.app, set(self._monkey.keys)
        if app._exception is not None:
            raise Fault("an unexpected error") from app._exception
        if app._exit or app.locked:
            return
        forms = self._open_forms()
        for form in forms:
            form.keep()
        changes, drafts = self._count(), self._kept()
        recorded = changes != self._changes
        changes_files = RecordFilesScreen in self._monkey.seen  # by F4 and F5
        if recorded and not keys & ASKING and not changes_files and not self._may_record:
            raise Fault(f"something was recorded by {sorted(keys)}")
        for form in forms:
            if form not in self._forms and not form._draft_exists:
                self._begun[form] = form._changed()
        gone = [form for form in self._forms if form not in forms]
        again = {form._draft_id for form in forms}
        for form in [*forms, *(f for f in gone if not recorded and f._draft_id not in again)]:
            typed, kept = _composed(form._changed()), _composed(drafts.get(form._draft_id, {}))
            before = [self._drafts.get(form._draft_id, {}), *self._saved.get(form._draft_id, [])]
            if form in gone and form._draft_id in self._saved and typed in map(_composed, before):
                continue  # kept when it was left; its draft was opened again since, and changed there
            lost = {key: value for key, value in typed.items() if kept.get(key) != value}
            if form in gone:
                lost = {key: value for key, value in lost.items() if not _waits(value, kept.get(key))}
            opened_with = typed == _composed(self._begun.get(form)) or typed.keys() <= form._initial.keys()
            if lost and not opened_with:
                raise Fault(f"{'left' if form in gone else 'open'}: lost {lost}, kept {kept}; {sorted(keys)}")
        emptied = {form._draft_id for form in [*forms, *gone] if not form._changed()}
        if self._drafts.keys() - drafts.keys() - emptied and not recorded and "delete" not in keys:
            raise Fault("a draft is gone")
        self._changes, self._drafts, self._forms = changes, drafts, forms
        self._saved.clear()
        self._may_record = self._monkey.works or self._shows_files()


async def round_(world: World, number: int, seed: int) -> int:
    """One round: the program from its start to its end. Gives the number of bursts; raises ``Fault`` with what was
    sent."""
    rng = random.Random(f"{seed} {number}")
    at_hq = rng.random() < 0.25
    store, folder = (world.hq, "hq") if at_hq else (world.post, "post")
    made: list[Make] = [*(HQ if at_hq else POST).values()]
    app = FieldApp(world.root / folder, store.reopen())
    async with app.run_test(size=rng.choice([(80, 24), (80, 24), (60, 20), (160, 50)])) as pilot:
        await pilot.pause()
        monkey = Monkey(app)
        watch = Watch(monkey, store)
        for _n in range(SCREENS_PER_ROUND):
            screen = rng.choice(made)(world, app.store)
            if rng.random() < 0.4 and not at_hq:
                screen = FormScreen(rng.choice(RECORDS).KIND)
            try:
                await at_screen(monkey, watch, screen, rng)
            except Exception as error:
                sent = "\n".join(map(repr, monkey.sent))
                raise Fault(f"seed {seed}, round {number}, at {type(screen).__name__}: {error}\n{sent}") from error
            if app._exit or app.locked:
                break
    assert not app._exit or not app.return_code
    return monkey.bursts


async def at_screen(monkey: Monkey, watch: Watch, screen: Screen[Any], rng: random.Random) -> None:
    """Some bursts at a screen over the first one, and F1."""
    app = monkey.app
    await monkey.until(lambda: not monkey.works)
    while len(app.screen_stack) > 2:
        await app.pop_screen()
    monkey.sent.append(type(screen).__name__.encode())
    app.push_screen(screen)
    await monkey.post()
    watch.begin()
    for _n in range(BURSTS_PER_SCREEN):
        await monkey.send(burst(rng))
        watch.look()
        if app._exit:
            return
    if not await monkey.answers():
        raise Fault(f"F1 shows {type(app.screen).__name__}")
    watch.look()


def _waits(typed: Any, kept: Any) -> bool:
    """Whether words of a pick list are kept, or none, for which a choice was taken when the form was left; also in a
    part of the form with fields of its own."""
    if not (isinstance(typed, dict) and isinstance(kept, dict)):
        return False
    if "value" in typed and set(kept) == {"text"}:
        return True
    return typed.keys() == kept.keys() and all(kept[key] == one or _waits(one, kept[key]) for key, one in typed.items())


def _composed(typed: Any) -> Any:
    """As it is when the field is left."""
    if isinstance(typed, Mapping):
        return {str(key): _composed(value) for key, value in typed.items()}
    if isinstance(typed, list | tuple):
        return [_composed(value) for value in typed]
    if not isinstance(typed, str):
        return typed
    text = composed(typed.replace(OPENKEY_MARK, "").replace(HELD_MARK, ""))
    change = unicode_text(text)
    return change.after if change else text
