"""Unexpected errors are written to a log file in the workspace, never to the screen."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from fieldapp.i18n import _

NAME = "fieldapp.log"


def log_crash(error: BaseException, home: Path) -> Path | None:
    """Append the error's traceback to the log file in the workspace; its path, or None where it cannot be written.

    Only the kind of error and places in the program are written: the error's text and the values of variables may
    contain records.
    """
    path = home / NAME
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    entry = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {type(error).__module__}.{type(error).__qualname__}\n{places}\n"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(entry)
        path.chmod(0o600)
    except OSError:
        return None
    return path


def is_short_of_memory(error: BaseException) -> bool:
    """Whether it happened because the machine has no memory left, also none for another thread."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "new thread" in str(error))


def unexpected(error: BaseException, log: Path | None) -> str:
    """What to say of an unexpected error; ``log`` is what ``log_crash`` returned."""
    if is_short_of_memory(error):
        return _(
            "The machine has too little memory free. What was confirmed is safe. "
            "Close other programs, then start again."
        )
    if log is None:
        return _("Something unexpected happened. What was confirmed is safe.")
    return _("Something unexpected happened. What was confirmed is safe. The details are in {path}.").format(path=log)
