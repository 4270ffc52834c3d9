"""Asks the terminal what only it knows: its colours, the columns that letters take, and what arrives when one types."""

import os
import re
import sys
import time

import click

from fieldapp.i18n import _
from fieldapp.machine import LETTERS, WORD, Terminal

PATIENCE = 1.0
"""Seconds until a terminal that does not answer is no longer waited for"""
_PLACE = re.compile(rb"\x1b\[(\d+);(\d+)R")


def ask_terminal() -> Terminal:
    """What the terminal answers; nothing where standard input and error are not one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return Terminal()
    return Terminal(_colours(), _widths(), _typed())


def _colours() -> str:
    from rich.console import Console

    return Console(stderr=True).color_system or "none"


def _typed() -> str | None:
    try:
        word: str = click.prompt(_("Type the word {word} as you always type, then Enter").format(word=WORD),
                                 default="", show_default=False, err=True)  # fmt: skip
    except click.Abort:
        return None
    return word or None


def _widths() -> tuple[int, ...] | None:
    found = []
    for letter in LETTERS:
        width = _width(letter)
        if width is None:
            return None
        found.append(width)
    return tuple(found)


if sys.platform == "win32":

    def _width(letter: str) -> int | None:
        """Where the console's cursor stands after the letter; it is deleted again."""
        import ctypes
        from ctypes import wintypes

        class Info(ctypes.Structure):
            _fields_ = [("size", wintypes._COORD), ("cursor", wintypes._COORD), ("attributes", wintypes.WORD),
                        ("window", wintypes.SMALL_RECT), ("most", wintypes._COORD)]  # fmt: skip

        kernel = ctypes.WinDLL("kernel32")
        kernel.GetStdHandle.restype = wintypes.HANDLE
        handle, info = wintypes.HANDLE(kernel.GetStdHandle(-12)), Info()
        sys.stderr.write("\r" + letter)
        sys.stderr.flush()
        known = kernel.GetConsoleScreenBufferInfo(handle, ctypes.byref(info))
        sys.stderr.write("\r    \r")
        sys.stderr.flush()
        return int(info.cursor.X) if known else None

else:

    def _width(letter: str) -> int | None:
        """The column in which the terminal says that its cursor stands after the letter; it is deleted again."""
        import select
        import termios
        import tty

        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard)
        answer = b""
        try:
            tty.setcbreak(keyboard)
            sys.stderr.write(f"\r{letter}\x1b[6n")
            sys.stderr.flush()
            until = time.monotonic() + PATIENCE
            while not (found := _PLACE.search(answer)):
                if not select.select([keyboard], [], [], max(0.0, until - time.monotonic()))[0]:
                    return None
                answer += os.read(keyboard, 64)
            return int(found[2]) - 1
        finally:
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
            sys.stderr.write("\r    \r")
            sys.stderr.flush()
