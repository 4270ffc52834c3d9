"""Work that a typed letter sets off begins when the letter is on its way to the eye."""

from collections.abc import Callable

from textual.message_pump import MessagePump

PAUSE = 0.003
"""Seconds left to whatever carries a painted letter to the eye, before its search takes the processor: the thread that
writes, the kernel's worker for the terminal, and the terminal. What is found is painted no later: by Textual's next
picture, at most 60 a second"""


def after_painting(part: MessagePump, work: Callable[[], object]) -> None:
    """Call ``work`` once what a screen or a widget of it was just given has been painted, and sent to the terminal."""
    # behind the messages of letters that came together: when they are handled, the screen learns what to paint
    part.call_later(part.call_after_refresh, part.set_timer, PAUSE, work)
