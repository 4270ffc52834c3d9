"""The hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) as one 64-bit integer.

The high 48 bits are milliseconds since 1970, the low 16 bits a counter. The capture triggers give readings, in SQL
(``store/capture.py``); this module reads them and moves the clock past the readings that are imported. A laptop whose
battery died may wake in 2010: it goes on counting after the newest reading that it has seen. So the order of changes
never depends on the wall clock.
"""

from datetime import UTC, datetime

from fieldapp.store.store import Store

BUILT = datetime(2026, 1, 1, tzinfo=UTC)
AHEAD_MS = 10 * 365 * 86_400_000

TOLERANCE_MS = 3_600_000
"""Milliseconds. A wall clock that is further than this before the newest reading is worth a warning."""


def milliseconds(hlc: int) -> int:
    """The milliseconds part of a reading."""
    return hlc >> 16


def year(hlc: int) -> int:
    """The year of a reading, for people."""
    return int(1970 + milliseconds(hlc) // 31_556_952_000)


def reading(at: datetime) -> int:
    """The first reading of an instant."""
    return round(at.timestamp() * 1000) << 16


def latest_plausible(at: datetime | None = None) -> int:
    """The latest reading that is believed: ten years ahead of the wall clock.

    If a dead battery has set the wall clock to a time before ``BUILT``, it is ten years ahead of ``BUILT``.
    """
    return reading(max(at or datetime.now(UTC), BUILT)) + (AHEAD_MS << 16)


def is_plausible(hlc: int) -> bool:
    """Whether a reading may be kept: as our own clock, as the order of a receipt, of a certificate, of a code."""
    return hlc <= latest_plausible()


def observe(store: Store, hlc: int) -> None:
    """Move the replica's clock past a reading that came from elsewhere, unless it is implausible; in a transaction."""
    if is_plausible(hlc):
        store.db.execute("UPDATE local_session SET hlc = max(hlc, ?)", [hlc])


def tick(store: Store) -> int:
    """Give a reading, as a change takes one; inside a transaction."""
    store.db.execute("UPDATE local_session SET hlc = max(hlc + 1, ?)", [reading(datetime.now(UTC))])
    return current(store)


def current(store: Store) -> int:
    """The newest reading given or seen."""
    found: int = store.value("SELECT hlc FROM local_session")
    return found


def wall_is_behind(store: Store, at: datetime | None = None) -> bool:
    """Whether the wall clock is before the newest reading: the battery died, or another laptop's clock was ahead."""
    wall = round((at or datetime.now(UTC)).timestamp() * 1000)
    return milliseconds(current(store)) > wall + TOLERANCE_MS
