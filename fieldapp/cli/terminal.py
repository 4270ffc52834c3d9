"""The terminal while the screen is being loaded."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """Keep what is typed before the screen is there, exactly as typed and not shown: it may be a passphrase.

    A terminal would show it below the command, where it stays, and would turn Enter into another key. Afterwards the
    terminal has its former settings.
    """
    try:
        import termios
    except ImportError:  # Windows shows what is typed only when a program reads it
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
