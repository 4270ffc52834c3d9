"""The hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) as one 64-bit integer.

48 bits of milliseconds since 1970 over 16 bits of counter. The capture triggers give readings, in SQL
(``store/capture.py``); this module reads them and moves the clock past what is imported. A laptop whose battery died
and that wakes in 2010 goes on counting behind the newest reading that it has seen: order never depends on the wall.
"""

from datetime import UTC, datetime

from fieldapp.store.store import Store

BUILT = datetime(2026, 1, 1, tzinfo=UTC)
AHEAD_MS = 10 * 365 * 86_400_000

TOLERANCE_MS = 3_600_000
"""A wall clock that stands further than this before the newest reading is worth a warning."""


def milliseconds(hlc: int) -> int:
    """The milliseconds part of a reading."""
    return hlc >> 16


def reading(at: datetime) -> int:
    """The first reading of an instant."""
    return round(at.timestamp() * 1000) << 16


def latest_plausible(at: datetime | None = None) -> int:
    """The furthest reading that is believed: ten years ahead of the wall clock, or of this program where a dead
    battery has set the clock before it."""
    return reading(max(at or datetime.now(UTC), BUILT)) + (AHEAD_MS << 16)


def observe(store: Store, hlc: int) -> None:
    """Move the replica's clock past a reading that came from elsewhere; inside a transaction."""
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
    """Whether the wall clock stands before the newest entry: a dead battery, or somebody else's clock ran ahead."""
    wall = round((at or datetime.now(UTC)).timestamp() * 1000)
    return milliseconds(current(store)) > wall + TOLERANCE_MS
