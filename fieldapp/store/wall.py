"""The wall clock: what the machine shows, set right for this run of the program where a person said which day it is.

Everything that asks for the time asks here, so that a laptop with a dead battery writes the right days once somebody
has said which day it is (``sync/format/clock.py`` decides when to ask).
"""

from datetime import UTC, date, datetime, timedelta


class _Correction:
    by = timedelta()
    """What is added to what the machine shows"""


def shown() -> datetime:
    """What the machine's clock shows, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """This instant, in UTC."""
    return shown() + _Correction.by


def today() -> date:
    """This day, in the time zone of the machine."""
    return now().astimezone().date()


def instant() -> str:
    """This instant as stored: UTC, ISO, ending in Z."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def correct(by: timedelta) -> None:
    """Add this to what the machine shows, from now on and as long as the program runs."""
    _Correction.by = by
