"""Records of a Windows console, through Textual's own module and structures: each letter arrives, whatever comes.

What the records of Windows are like: KEY_EVENT_RECORD in Microsoft's console reference; what a paste sends for letters
that the keyboard lacks: microsoft/terminal, issue 9052. Here ``kernel32`` is a stand-in that hands them on.
"""

import ctypes
import sys
import threading
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from textual import events
from tui.test_terminal_keys import named

from fieldapp.tui.console_reader import ALT, KEY_EVENT, console_reader
from fieldapp.tui.terminal_keys import BROKEN

MODULE = "textual.drivers.win32"
WAIT_TIMEOUT = 0x102
PACKET, SHIFT_KEY, SPACE, NUMPAD = 0xE7, 0x10, 0x20, 0x60
LEFT_ALT, ALT_GR = 0x02, 0x01 | 0x08
Press = tuple[int, int, int, str, int]
"""Down, repeat count, virtual key, UTF-16 unit, modifiers"""


class Kernel:
    """Hands on records, one reading after the other, then sets ``over``."""

    def __init__(self) -> None:
        self.readings: list[list[Press]] = []
        self.over = threading.Event()
        self.GetStdHandle = lambda _which: 1
        self.WaitForMultipleObjects, self.ReadConsoleInputW = self._wait, self._read

    def _wait(self, *_arguments: object) -> int:
        if not self.readings:
            self.over.set()
        return 0 if self.readings else WAIT_TIMEOUT

    def _read(self, _console: object, records: Any, _most: int, count: Any) -> None:
        reading = self.readings.pop(0)
        for record, (down, repeated, key, unit, state) in zip(records._obj, reading, strict=False):
            record.EventType, pressed = KEY_EVENT, record.Event.KeyEvent
            pressed.bKeyDown, pressed.wRepeatCount, pressed.wVirtualKeyCode = down, repeated, key
            pressed.uChar.UnicodeChar, pressed.dwControlKeyState = unit, state
        count._obj.value = len(reading)


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def win32(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Textual's module for Windows' console, on whatever system, over ``kernel``."""
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_name, **_how: kernel, raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", ModuleType("msvcrt"))
    monkeypatch.setitem(sys.modules, MODULE, ModuleType(MODULE))  # so that it is as before afterwards
    del sys.modules[MODULE]
    return import_module(MODULE)


def read(win32: Any, kernel: Kernel, reader: Any, *readings: list[Press]) -> list[str]:
    """What arrives of these readings; a thread that ends is named."""
    kernel.readings = [*readings]
    came: list[object] = []
    app = SimpleNamespace(log=SimpleNamespace(error=lambda _what, error: came.append(repr(error))))
    reader(None, app, kernel.over, came.append).run()
    return [named(message) if isinstance(message, events.Event) else str(message) for message in came]


def letters(text: str, key: int = PACKET) -> list[Press]:
    """Each UTF-16 unit pressed and let go, as Unikey types it by ``SendInput`` (VK_PACKET)."""
    data = text.encode("utf-16-le", "surrogatepass")
    units = [data[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(data), 2)]
    return [(down, 1, key, unit, 0) for unit in units for down in (1, 0)]


def by_the_number_pad(letter: str) -> list[Press]:
    """A letter that the keyboard lacks, as a paste types it."""
    digits = [(down, 1, NUMPAD + 2, "\x00", LEFT_ALT) for _n in range(3) for down in (1, 0)]
    return [(1, 1, ALT, "\x00", LEFT_ALT), *digits, (0, 1, ALT, letter, 0)]


CASES: dict[str, tuple[list[list[Press]], str]] = {
    "Unikey's backspaces and letters": ([letters("tieng\x08\x08\x08ếng")], "tieng⌫⌫⌫ếng"),
    "a letter outside the first plane": ([letters("a𠀋b")], "a𠀋b"),
    "its halves in two readings": ([letters("a𠀋b")[:4], letters("a𠀋b")[4:]], "a𠀋b"),
    "half of a letter, then a key": ([letters("a\ud840"), letters("b")], f"a{BROKEN}b"),
    "the other half alone": ([letters("\udc0bế")], f"{BROKEN}ế"),
    "a key held down": ([[(1, 3, ord("A"), "a", 0)], letters("b")], "aaab"),
    "a paste of what the keyboard lacks": ([[*letters("Vi"), *by_the_number_pad("ệ"), *letters("t")]], "Việt"),
    "Shift by itself": ([[(1, 1, SHIFT_KEY, "\x00", 0x10), *letters("Ư"), (0, 1, SHIFT_KEY, "\x00", 0)]], "Ư"),
    "Alt by itself": ([[(1, 1, ALT, "\x00", LEFT_ALT), (0, 1, ALT, "\x00", 0), *letters("a")]], "a"),
    "AltGr": ([[(1, 1, ord("2"), "@", ALT_GR), (0, 1, ord("2"), "@", ALT_GR)]], "@"),
    "a dead key": ([[(1, 1, 0xBA, "\x00", 0), (0, 1, 0xBA, "\x00", 0), *letters("ê", ord("E"))]], "ê"),
    "AltGr and the space bar": ([[(1, 1, SPACE, "\u00a0", ALT_GR)]], "\u00a0"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_the_records_say_arrives(win32: Any, kernel: Kernel, name: str) -> None:
    readings, meant = CASES[name]
    came = read(win32, kernel, console_reader(win32), *readings)
    assert "".join({"backspace": "⌫", "no_break_space": "\u00a0"}.get(key, key) for key in came) == meant


def test_textual_still_ends_at_half_a_letter(win32: Any, kernel: Kernel) -> None:
    """Where this fails, see whether ``console_reader`` is needed still: ``docs/upstream/textual-input.md``."""
    assert "UnicodeDecodeError" in read(win32, kernel, win32.EventMonitor, letters("a\ud840"), letters("b"))[-1]
