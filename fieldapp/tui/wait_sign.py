"""A sign while the screen waits: for a slow disk, or for long work. It says that a key was taken.

Keys are handled and records saved one after the other in the loop of the application, so that nothing is confirmed
before it is durable. While the loop waits for the disk it paints nothing; keys that come meanwhile are kept, in their
order, by the thread that reads them. So another thread looks after each key whether the loop goes on, and writes the
sign to the terminal where it does not. Where the loop waits for the terminal itself, halfway through a picture of the
screen, a sign would come amid that: none is written.
"""

from collections.abc import Callable
from threading import Event, RLock, Thread
from time import monotonic

from rich.cells import cell_len
from textual.app import App

PATIENCE = 0.15
"""Seconds for which the loop may do nothing else without a sign"""
EVERY = 0.05
"""Seconds between two looks"""
FOLLOW = 2.0
"""Seconds after a key in which the loop is looked after: a form is kept as a draft within one"""


class WaitSign:
    """The sign in the last line of the screen; ``what`` says for what the loop has waited so many seconds."""

    def __init__(self, app: App[None], what: Callable[[int], str]) -> None:
        self._app = app
        self._what = what
        self.painting = RLock()
        """Held by the loop while it writes a picture of the screen"""
        self._key = Event()
        self._answered = Event()
        self._ended = Event()
        self._thread: Thread | None = None

    def key_came(self) -> None:
        """Look after the loop for a while."""
        if self._thread is None and not self._ended.is_set() and not self._app.is_headless:
            thread = Thread(target=self._watch, name="wait-sign", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no memory for a thread: without a sign, then
                self._ended.set()
                return
            self._thread = thread
        self._key.set()

    def end(self) -> None:
        """Write nothing more; the terminal is given back."""
        self._ended.set()
        self._key.set()
        self._answered.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            self._key.wait()
            self._key.clear()
            until = monotonic() + FOLLOW
            while monotonic() < until and not self._ended.wait(EVERY):
                self._look()

    def _look(self) -> None:
        """Ask the loop for an answer; while none comes, write the sign."""
        loop = self._app._loop
        if loop is None or loop.is_closed():
            return
        asked = monotonic()
        self._answered.clear()
        loop.call_soon_threadsafe(self._answered.set)
        shown, wait = "", PATIENCE
        while not self._answered.wait(wait) and not self._over:
            text = f" {self._what(int(monotonic() - asked))} ".rjust(len(shown))
            if text != shown:
                self._write(text)
            shown, wait = text, EVERY
        if shown and not self._over:
            loop.call_soon_threadsafe(self._wipe)

    @property
    def _over(self) -> bool:
        """The terminal is given back, or is about to be."""
        return self._ended.is_set() or self._app._exit

    def _write(self, text: str) -> None:
        width, height = self._app.size
        driver = self._app._driver
        if driver is not None and self.painting.acquire(blocking=False):
            try:
                driver.write(f"\x1b7\x1b[{height};{max(width - cell_len(text), 0) + 1}H\x1b[0;7m{text}\x1b[0m\x1b8")
            finally:
                self.painting.release()

    def _wipe(self) -> None:
        """Paint what is below the sign, with the whole screen: Textual forgets what widgets want painted where only a
        part of their screen is asked for, as the letter that was typed meanwhile."""
        if self._app.screen_stack:
            self._app.screen.refresh()
