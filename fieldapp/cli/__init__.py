"""The command line: everything that the screen does, for scripts. It only reads arguments and prints answers.

Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage, 3 done in part.
"""

import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

USUAL_HOME = Path(os.path.expanduser("~"), "fieldapp")  # noqa: PTH111 — Path.home raises for an account without one
"""Folder of the workspace, if none is given"""
KEPT_HOME = "/HOME/fieldapp"
"""What stands for it in the kept text of the help"""
STARTED = 1_000_000
"""New objects that no start reaches. The screen looks for those to throw away once it is there"""
HELP_COLUMNS = 80
"""Of a terminal for which that text is made; in a wider one it is the same"""


def _no_core_dump() -> None:
    """Forbid core dumps: what is in memory must not reach the disk."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


HEAP_COUNT = -8
"""``M_ARENA_MAX`` of glibc's ``mallopt``"""
STACK = 1 << 20
"""Bytes of each thread's stack where addresses are short; as many as Windows gives"""


def _reserve_little() -> None:
    """Where a limit is set for addresses, reserve fewer of them.

    glibc reserves 64 MB for the heap of each thread and 8 for its stack, of which little is ever used. They took all
    that a limit of 400 MB left, and the program ended without a word when its own stack could not grow.
    """
    try:
        import resource
    except ImportError:
        return
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return
    import ctypes
    import threading

    threading.stack_size(STACK)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # only glibc's heaps reserve so much
    if set_option is not None:
        set_option(HEAP_COUNT, 1)


def _open_closed_streams() -> None:
    """Give what was started with closed streams the null device: the next file that is opened, which may be the
    records, would be the one that libraries write messages to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 — as long as the program


def _speak_utf8() -> None:
    """Read and write UTF-8 whatever the code page: cp1252 has no ế, and would record other letters than were given."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=stream.errors)


def collect_seldom(new: int = 50_000) -> None:
    """Look for objects to throw away after so many new ones, not after 700: a start makes many, and no rubbish."""
    gc.set_threshold(new, 20, 20)


def main() -> None:
    """The console script: no traceback reaches a user."""
    # searching all packages for plugins takes a tenth of the start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    collect_seldom(STARTED)
    _no_core_dump()
    _reserve_little()
    _open_closed_streams()
    _speak_utf8()
    do = _without_commands(sys.argv[1:])
    if do is None:
        from fieldapp.cli import program

        collect_seldom()
        program.run()
        return
    try:
        do()
    except (Exception, KeyboardInterrupt) as error:
        from fieldapp.cli import program

        program.end(error, program.Context())


def _without_commands(given: Sequence[str]) -> Callable[[], None] | None:
    """What most starts ask for: the screen, or the help. Click, which reads all else, takes long to load."""
    if given == ["--help"]:
        text = kept_help()
        return partial(print, text, end="", flush=True) if text else None
    match given:
        case []:
            home = Path(os.environ.get("FIELDAPP_HOME") or USUAL_HOME)
        case ["--home", named] if named and not named.startswith("-"):
            home = Path(named)
        case _:
            return None
    return partial(_screen, home) if os.access(home, os.R_OK) else None


def kept_help() -> str:
    """What click prints for ``--help``, as ``make locale`` has kept it; empty where click must make it.

    That is so in a narrow terminal, in which it wraps otherwise, and where a line is too long with the usual folder.
    """
    language = os.environ.get("FIELDAPP_LANG") or "vi"
    kept = Path(__file__).parents[1] / "locale" / f"help.{language}.txt"
    if _columns() < HELP_COLUMNS or not kept.exists():
        return ""
    text = kept.read_text(encoding="utf-8").replace(KEPT_HOME, str(USUAL_HOME))
    return text if max(map(len, text.splitlines())) <= HELP_COLUMNS - 2 else ""


def _columns() -> int:
    """Columns of the terminal as click sees them; 0 where the environment says something about them."""
    if "COLUMNS" in os.environ:
        return 0
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return HELP_COLUMNS


def _screen(home: Path) -> None:
    from fieldapp.cli import terminal

    with terminal.silent():
        from fieldapp.tui.app import run_app

        run_app(home)
