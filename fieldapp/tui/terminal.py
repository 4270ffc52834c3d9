"""Reading the terminal: bytes that are no UTF-8 cost a letter, not the program; and an input that ends is told.

Which keys the letters are, says ``terminal_keys``.

Textual decodes what a terminal sends strictly. One byte that is not UTF-8, as from a terminal that is set to Latin-1 or
windows-1258, a key with the eighth bit for Alt, or a line that loses bytes, raises in the thread that reads keys, and
the program ends with a traceback and exit status 0. ``docs/upstream/textual-input.md`` offers the mending to Textual.
"""

import codecs
import os
import sys
from collections.abc import Callable
from functools import partial
from threading import Lock, Thread
from typing import Any

from textual.driver import Driver

from fieldapp.tui.terminal_keys import TerminalParser

DECODER = "getincrementaldecoder"
PARSER = "XTermParser"
"""The names by which a driver's module makes the decoder of its input, and the parser behind it"""
WRITE = "_write"
"""The attribute by which the driver of a browser's page writes to the pipe behind it"""
CONSOLE, READER = "win32", "EventMonitor"
"""The module by which Windows' driver reads, and its thread"""


class InputEnded(Exception):
    """The thread that reads the keyboard has ended, and the program has not."""


def lenient(plain: type[Driver]) -> type[Driver]:
    """A driver as ``plain`` that knows more terminals' keys.

    It replaces what is no UTF-8 by ``BROKEN``, tells an input thread's error, and writes one packet after the other.
    """
    module = sys.modules[plain.__module__]
    if hasattr(module, DECODER):
        setattr(module, DECODER, _decoder)
    if hasattr(module, PARSER):
        setattr(module, PARSER, TerminalParser)
    if hasattr(module, CONSOLE):
        from fieldapp.tui.console_reader import console_reader

        console = getattr(module, CONSOLE)
        setattr(console, READER, console_reader(console))

    class LenientDriver(plain):  # type: ignore[valid-type, misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            if hasattr(self, WRITE):
                setattr(self, WRITE, _one_at_a_time(getattr(self, WRITE)))

        def run_input_thread(self) -> None:
            """Read keys until the program ends. An error ends the program as any other unexpected one does."""
            try:
                super().run_input_thread()
            except Exception as error:
                self._app.call_later(self._app._handle_exception, error)

        def _enable_mouse_support(self) -> None:
            """Not in GNU screen: where it looks for the mouse, it keeps Esc back until the next key."""
            if "STY" not in os.environ:
                super()._enable_mouse_support()

        @property
        def input_ended(self) -> bool:
            """The thread that reads keys was started, and is no more."""
            thread: Thread | None = getattr(self, "_key_thread", None) or getattr(self, "_event_thread", None)
            return thread is not None and thread.ident is not None and not thread.is_alive()

    return LenientDriver


def _one_at_a_time(write: Callable[[bytes], int]) -> Callable[[bytes], None]:
    """Write all of each packet before the next one: the parts of a file come from another thread than the screen, and
    where a pipe is full, two writers take turns within their packets."""
    lock = Lock()

    def write_whole(packet: bytes) -> None:
        with lock:
            written = write(packet)
            while written < len(packet):
                written += write(packet[written:])

    return write_whole


def _decoder(encoding: str) -> Any:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
