"""What a command that takes long says meanwhile: one line on stderr, where that is a terminal.

The line is there from the first second on, and gone before anything else is printed or asked. A command whose output
goes elsewhere, or that takes less, prints nothing of it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, RLock, Thread
from time import monotonic

from fieldapp.i18n import _

FROM_SECONDS = 1.0
"""Seconds without an answer after which the line comes"""


USUAL_COLUMNS = 80
"""Of a terminal that does not say"""


class WorkingLine:
    """“… Đang ghi gói 3/40 · 12 giây”."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._ended = Event()
        self._thread: Thread | None = None
        self._what = ""
        self._began = self._silent_since = 0.0
        self._shown = 0
        """Letters of the line on the terminal"""

    def begin(self, what: str) -> None:
        """A command begins; ``what`` it does."""
        self._what = what
        self._began = self._silent_since = monotonic()
        if self._thread is None and sys.stderr.isatty():
            self._ended.clear()
            thread = Thread(target=self._run, name="working-line", daemon=True)
            with suppress(RuntimeError):  # no memory for a thread
                thread.start()
                self._thread = thread

    def end(self) -> None:
        """Nothing is said any more: the command has ended, or has the terminal to itself."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ended.set()
            thread.join()
            self._write("")

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Say this within the block."""
        before, self._what = self._what, what
        try:
            yield
        finally:
            self._what = before

    def progress(self, stage: str, done: int, of: int) -> None:
        """Say how far the work has come; a ``Progress`` of bundles."""
        from fieldapp.sync.format.bundle import STAGES

        self.tell(_(STAGES[stage]), done, of)

    def tell(self, what: str, done: int = 0, of: int = 0) -> None:
        """Say this from now on; with how much is done of how much, where that is known."""
        self._what = f"{what} {done}/{of}" if of else what

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within the block a person is asked, or something else is printed: nothing is said, and it counts as no time
        of the command."""
        with self._lock:
            self._write("")
            began = monotonic()
            try:
                yield
            finally:
                self._silent_since = monotonic()
                self._began += self._silent_since - began

    def _run(self) -> None:
        while not self._ended.wait(FROM_SECONDS / 2):
            with self._lock:
                now = monotonic()
                if now - self._silent_since >= FROM_SECONDS:
                    what = self._what.rstrip(" .…")
                    self._write(_("… {what} · {seconds} s").format(what=what, seconds=int(now - self._began)))

    def _write(self, text: str) -> None:
        """Put a text in place of the line."""
        if text:
            text = text[: _columns() - 1]
        if text or self._shown:
            sys.stderr.write(f"\r{text.ljust(self._shown)}" + ("" if text else "\r"))
            sys.stderr.flush()
        self._shown = len(text)


def _columns() -> int:
    """How wide the terminal is on which the line is; another one, or none, may have the answer."""
    with suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL_COLUMNS
    return USUAL_COLUMNS


LINE = WorkingLine()
"""The line of this process: it runs one command"""
