"""The wall clock: what the machine shows, set right for this run of the program where a person said which day it is.

Everything that asks for the time asks here, so that a laptop with a dead battery writes the right days once somebody
has said which day it is (``sync/format/clock.py`` decides when to ask).
"""

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    return local_day(now())


def shown_day() -> date:
    """The day that the machine's clock shows, in its time zone."""
    return local_day(shown())


def local_day(moment: datetime) -> date:
    """The day of an instant in the time zone of the machine; in UTC where the system knows no local time for it.

    Windows knows none before 1970 and after 3000. Clocks that were set wrong reach there, and so do times of files.
    """
    try:
        return moment.astimezone().date()
    except (OSError, OverflowError, ValueError):
        return moment.date()


def moment_of(ms: float) -> datetime:
    """The instant that is so many milliseconds after the beginning of 1970, or before; OverflowError after 9999."""
    return EPOCH + timedelta(milliseconds=ms)


def instant() -> str:
    """This instant as stored: UTC, ISO, ending in Z."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def correct(by: timedelta) -> None:
    """Add this to what the machine shows, from now on and as long as the program runs."""
    _Correction.by = by
