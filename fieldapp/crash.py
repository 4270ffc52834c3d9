"""Unexpected errors are written to a log file in the workspace, never to the screen."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

NAME = "fieldapp.log"


def log_crash(error: BaseException, home: Path) -> Path:
    """Append the error's traceback to the log file in the workspace; returns the path of the log file.

    Only the kind of error and places in the program are written: the error's text and the values of variables may
    contain records.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / NAME
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    with path.open("a", encoding="utf-8") as file:
        file.write(
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {type(error).__module__}.{type(error).__qualname__}\n{places}\n"
        )
    path.chmod(0o600)
    return path
