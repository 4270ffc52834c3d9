"""The real program in a real pseudo-terminal, read by its screen, as a person reads it."""

import os
import sys
import time
from pathlib import Path

import on_windows
import pyte
import pytest

pexpect = pytest.importorskip("pexpect", reason=on_windows.TERMINAL)

ENTER, ESC, TAB, DOWN = "\r", "\x1b", "\t", "\x1b[B"
F2, F6, F9, DELETE = "\x1bOQ", "\x1b[17~", "\x1b[20~", "\x1b[3~"
CTRL_A, CTRL_K, CTRL_P = "\x01", "\x0b", "\x10"
PATIENCE = 30.0
"""Seconds that a test waits for a screen; nothing is measured by it."""


class Terminal:
    """A terminal of 80×24 with the program in it; ``before``: code that runs before the program is loaded."""

    def __init__(self, home: Path, before: str = "") -> None:
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-c", f"{before}\nfrom fieldapp.cli import main; main()", "--home", str(home)],
            dimensions=(24, 80),
            env={**os.environ, "FIELDAPP_LANG": "vi"},
        )
        self._child.delaybeforesend = None
        self._text = ""
        self.came = b""
        """All that the program has written"""

    @property
    def text(self) -> str:
        """The screen as text."""
        if self._read():
            self._text = "\n".join(self.screen.display)
        return self._text

    def _read(self) -> bool:
        """Read what has come until nothing comes for a moment; whether something came."""
        came = False
        while True:
            try:
                data = self._child.read_nonblocking(65536, timeout=0.02)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return came
            came = True
            self.came += data
            # pyte does not know these private sequences and would print their parameters
            for unknown in (b"\x1b[>25u", b"\x1b[?2026$p", b"\x1b[?2048$p", b"\x1b[<u", b"\x1b[>1u"):
                data = data.replace(unknown, b"")
            self._stream.feed(data.replace("\u2060".encode(), b""))  # pyte leaves out what stands behind it

    def wait(self, words: str) -> None:
        """Wait until ``words`` are on the screen."""
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < end, f"“{words}” did not come:\n{self.text}"

    def wait_gone(self, words: str) -> None:
        """Wait until ``words`` are no longer on the screen."""
        end = time.monotonic() + PATIENCE
        while words in self.text:
            assert time.monotonic() < end, f"“{words}” did not go:\n{self.text}"

    def type(self, *keys: str) -> None:
        """Send keys, all in one burst."""
        self._child.send("".join(keys).encode())

    def open_form(self, words: str, title: str) -> None:
        """Choose what to record by some words, from the first screen."""
        self.type(F2)
        self.wait("Chọn nội dung cần ghi")
        self.type(words)
        self.wait(title)
        self.type(ENTER)
        self.wait(f"Ghi mới › {title}")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._child.send(data)

    def kill(self) -> None:
        """Kill the program, as an empty battery would."""
        self._child.kill(9)
        self._child.close()

    def end(self) -> None:
        """Press Ctrl+Q, and wait for the program to end."""
        self.type("\x11")
        self._child.expect(pexpect.EOF, timeout=PATIENCE)
        self._child.close()
        assert self._child.exitstatus == 0

    def ended(self) -> tuple[int | None, str]:
        """Wait for the program to end by itself: its exit status, and all that it wrote."""
        self._child.expect(pexpect.EOF, timeout=PATIENCE)
        self.came += self._child.before
        self._child.close()
        return self._child.exitstatus, self.came.decode("utf-8", "replace")
