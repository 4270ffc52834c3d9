"""Reading the keys of a Windows console: no letter of its records is lost, and half a letter ends nothing.

Textual's own reader decodes UTF-16 strictly: half a surrogate pair, or a pair that comes in two readings, ends its
thread. It passes over how often a key was repeated, and what a paste sends for letters that the keyboard lacks: digits
of the number pad with Alt held down, and the letter in the record of Alt being let go.
"""

import codecs
from collections.abc import Iterable
from ctypes import byref, wintypes
from functools import cache
from threading import Thread
from typing import Any

from fieldapp.tui.terminal_keys import TerminalParser

KEY_EVENT, WINDOW_BUFFER_SIZE_EVENT = 1, 4
"""Sorts of records"""
ALT = 0x12
"""Virtual key code"""
MOST = 1024
"""Records that are read at once"""
PAUSE = 100
"""Milliseconds to wait for records, before Esc alone is looked for"""


class ConsoleText:
    """Makes text of key records (``KEY_EVENT_RECORD``).

    Half of a letter waits for its other half, and becomes U+FFFD if that does not come.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-16-le")("replace").decode

    def of(self, keys: Iterable[Any]) -> str:
        """The text of these records, which come after those that were given before."""
        units = "".join(map(_typed, keys))
        text: str = self._decode(units.encode("utf-16-le", "surrogatepass"))
        return text


def _typed(key: Any) -> str:
    """The UTF-16 units that a record types; a NUL where a key types none."""
    unit = str(key.uChar.UnicodeChar)
    if not key.bKeyDown:
        return unit if key.wVirtualKeyCode == ALT and unit != "\x00" else ""
    if key.wVirtualKeyCode == 0 and key.dwControlKeyState:  # as Textual does
        return ""
    return unit * max(int(key.wRepeatCount), 1)


@cache
def console_reader(win32: Any) -> type[Thread]:
    """The thread that reads the console, made from that of Textual's module ``win32``."""

    class ConsoleReader(win32.EventMonitor):  # type: ignore[misc]
        def run(self) -> None:
            """Read until the program ends. An error ends the program as any other unexpected one does."""
            try:
                self._read()
            except Exception as error:
                self.app.call_later(self.app._handle_exception, error)

        def _read(self) -> None:
            parser, text = TerminalParser(), ConsoleText()
            console = win32.GetStdHandle(win32.STD_INPUT_HANDLE)
            records, count = (win32.INPUT_RECORD * MOST)(), wintypes.DWORD(0)
            while not self.exit_event.is_set():
                for message in parser.tick():
                    self.process_event(message)
                if win32.wait_for_handles([console], PAUSE) is None:
                    continue
                win32.KERNEL32.ReadConsoleInputW(console, byref(records), MOST, byref(count))
                came = records[: count.value]
                typed = text.of(record.Event.KeyEvent for record in came if record.EventType == KEY_EVENT)
                for message in parser.feed(typed) if typed else ():
                    self.process_event(message)
                sizes = [r.Event.WindowBufferSizeEvent.dwSize for r in came if r.EventType == WINDOW_BUFFER_SIZE_EVENT]
                if sizes:
                    self.on_size_change(sizes[-1].X, sizes[-1].Y)

    return ConsoleReader
