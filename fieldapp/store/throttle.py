"""A growing delay after wrong passphrases. Nobody is locked out for ever.

This slows down somebody at the keyboard. A person who puts the disk into another machine is slowed down only by the key
derivation (scrypt) and the passphrase itself. The count is in a small file beside the sealed key. It is written
*before* a try, so that ending the program does not give a free one.
"""

import json
import math
import time
from contextlib import suppress
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import counted
from fieldapp.store import disk

ATTEMPTS_SUFFIX = ".tries"
FREE_ATTEMPTS = 3
"""This many wrong tries cost no delay, only the derivation"""
LONGEST_DELAY = 300
"""Seconds"""


class TooManyAttempts(FieldappError):
    """It is too early for another try: wait ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            counted(
                "Too many wrong tries. Wait {n} second, then try again.",
                "Too many wrong tries. Wait {n} seconds, then try again.",
                seconds,
            )
        )
        self.seconds = seconds


def count_attempt(path: Path) -> None:
    """Count an attempt in ``path`` as wrong, until ``clear_attempts`` removes the count.

    Raises TooManyAttempts if the attempt comes too early. A clock that was set back does not make anybody wait longer
    than the delay itself.
    """
    count, last = _read_count(path)
    now = time.time()
    if last > now:
        _write_count(path, count, now)
        last = now
    wait = last + delay(count) - now
    if wait > 0:
        raise TooManyAttempts(math.ceil(wait))
    _write_count(path, count + 1, now)


def uncount_attempt(path: Path) -> None:
    """Take the last attempt back: no passphrase was tried, for lack of memory or for a damaged file."""
    count, last = _read_count(path)
    if count > 1:
        _write_count(path, count - 1, last)
    else:
        clear_attempts(path)


def clear_attempts(path: Path) -> None:
    """Remove the count: the passphrase was right, or there is a new one."""
    disk.try_remove(path)


def delay(count: int) -> int:
    """Seconds to wait after so many wrong tries: 2, 4, 8 … up to five minutes."""
    return 0 if count < FREE_ATTEMPTS else min(2 ** min(count - FREE_ATTEMPTS + 1, 20), LONGEST_DELAY)


def _read_count(path: Path) -> tuple[int, float]:
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        count, last = int(found["wrong"]), float(found["last"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return 0, 0.0
    return (count, last) if count >= 0 and math.isfinite(last) else (0, 0.0)


def _write_count(path: Path, count: int, now: float) -> None:
    with suppress(OSError):  # a disk that cannot be written must not keep anybody from the records
        path.write_text(json.dumps({"wrong": count, "last": now}), encoding="ascii")
        path.chmod(0o600)
