"""What cannot be undone happens only at a second press of its key."""

import math
import time
from collections.abc import Callable

HELD_SECONDS = 1.0
"""A key that is held comes again sooner than this, also the first time"""

now = time.monotonic


class SecondPress:
    """The question that the first press asked on one screen, until the next press answers it."""

    def __init__(self, within: float = math.inf) -> None:
        """``within``: seconds for which the question stands."""
        self._within = within
        self._what = ""
        self._last = -math.inf

    def press(
        self, what: str, ask: Callable[[], object], act: Callable[[], object], *, may_be_held: bool = False
    ) -> None:
        """Ask about ``what``, or act if that was asked and the key is not merely held since."""
        since, self._last = now() - self._last, now()
        if what != self._what or since > self._within:
            self._what = what
            ask()
        elif may_be_held or since >= HELD_SECONDS:
            self.forget()
            act()

    @property
    def asks(self) -> bool:
        """Whether the question stands."""
        return bool(self._what) and now() - self._last <= self._within

    def forget(self) -> None:
        """Ask anew: something else happened."""
        self._what = ""
