"""The terminal while the screen is being loaded."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """What is typed before the screen stands waits for it, as it was typed, and is not shown: it may be a passphrase.

    A terminal would show it below the command, where it stays, and make Enter into another key. Afterwards the terminal
    is what it was.
    """
    try:
        import termios
    except ImportError:  # Windows shows what is typed only when somebody reads it
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = list(before)
    quiet[0] &= ~termios.ICRNL
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
