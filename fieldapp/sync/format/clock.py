"""The hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) as one 64-bit integer.

The high 48 bits are milliseconds since 1970, the low 16 bits a counter. The capture triggers give readings, in SQL
(``store/capture.py``); this module reads them and moves the clock past the readings that are imported. A laptop whose
battery died may wake in 2010: it goes on counting after the newest reading that it has seen. So the order of changes
never depends on the wall clock.
"""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import capture, wall
from fieldapp.store.store import Row, Store

BUILT = datetime(2026, 1, 1, tzinfo=UTC)
AHEAD_MS = 10 * 365 * 86_400_000

TOLERANCE_MS = 3_600_000
"""Milliseconds. A wall clock that is further than this before the newest reading is not believed"""

ASK_AHEAD = timedelta(days=366)
"""A wall clock that is further than this after the newest entry is not believed until a person has confirmed the day"""

_MILLISECOND = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
_ASK_MS = ASK_AHEAD // _MILLISECOND


def milliseconds(hlc: int) -> int:
    """The milliseconds part of a reading."""
    return hlc >> 16


def year(hlc: int) -> int:
    """The year of a reading, for people."""
    return int(1970 + milliseconds(hlc) // 31_556_952_000)


def reading(at: datetime) -> int:
    """The first reading of an instant."""
    return round(at.timestamp() * 1000) << 16


def latest_plausible() -> int:
    """The latest reading that is believed: ten years ahead of the wall clock.

    If a dead battery has set the wall clock to a time before ``BUILT``, it is ten years ahead of ``BUILT``.
    """
    return reading(max(wall.now(), BUILT)) + (AHEAD_MS << 16)


def is_plausible(hlc: int) -> bool:
    """Whether a reading may be kept: as our own clock, as the order of a receipt, of a certificate, of a code."""
    return hlc <= latest_plausible()


def observe(store: Store, hlc: int) -> None:
    """Move the replica's clock past a reading that came from elsewhere, unless it is implausible; in a transaction."""
    if is_plausible(hlc):
        store.db.execute("UPDATE local_session SET hlc = max(hlc, ?)", [hlc])


def tick(store: Store) -> int:
    """Give a reading, as a change takes one; inside a transaction."""
    store.db.execute(capture.TICK)
    return current(store)


def current(store: Store) -> int:
    """The newest reading given or seen."""
    found: int = store.value("SELECT hlc FROM local_session")
    return found


# which day it is ------------------------------------------------------------------------------------------------


class Doubt(Struct, frozen=True):
    """A wall clock that cannot be right."""

    shown: date
    """what the machine's clock shows"""
    newest: date
    """the day of the newest entry; where there is none, of the program"""

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return _("This laptop's clock shows {shown}, and the newest entry is of {newest}.").format(
            shown=format_date(self.shown), newest=format_date(self.newest)
        )


def doubt(store: Store) -> Doubt | None:
    """Whether the wall clock is implausible; None if it is believed.

    It is if it is before the program or the newest entry, or more than ``ASK_AHEAD`` after both, and nobody has
    confirmed it since.
    """
    shown = _ms(wall.now())
    session = _session(store)
    newest = _newest(session)
    latest = session["wall_until"] or _plausible(newest) + (_ASK_MS if newest else AHEAD_MS)
    early = shown < _ms(BUILT) - _DAY_MS or shown < newest - TOLERANCE_MS
    if not (early or shown > latest or store.day_unknown):
        return None
    return Doubt(wall.shown_day(), _day(max(newest, _ms(BUILT))))


def look(store: Store) -> None:
    """Look at the wall clock when a replica is opened: believe it, or go on from the newest entry until somebody says
    which day it is (``confirm``)."""
    wall.correct(timedelta())
    store.day_unknown = False
    if doubt(store) is None:
        _believe(store)
        return
    store.day_unknown = True
    by = timedelta(milliseconds=_go_on_from(_newest(_session(store))) - _ms(wall.shown()))
    wall.correct(by)
    if not store.read_only:
        with store.transaction(derived=True):
            store.db.execute(
                "UPDATE local_session SET wall_offset = ?, wall_until = coalesce(wall_until, ?)",
                [by // _MILLISECOND, _ms(wall.now()) + _ASK_MS],
            )


def confirm(store: Store, today: date) -> None:
    """Take it from a person that today is ``today``.

    If the machine's clock shows another day, the program adds the difference as long as it runs. FieldappError for a
    day before the program was made or more than ten years after the newest entry: nothing may be written so late.
    """
    by = timedelta(days=(today - wall.shown_day()).days)
    ms = _ms(wall.shown() + by)
    if not _ms(BUILT) - _DAY_MS <= ms <= _plausible(_newest(_session(store))) + AHEAD_MS:
        raise FieldappError(_("Today cannot be {day}. Nothing was changed.").format(day=format_date(today)))
    wall.correct(by)
    store.day_unknown = False
    if not store.read_only:
        _store(store, by)


def check_day(store: Store) -> None:
    """Refuse what is written for others as long as nobody has said which day it is."""
    found = doubt(store) if store.day_unknown or _ms(wall.now()) > (_session(store)["wall_until"] or 1 << 62) else None
    if found is not None:
        raise FieldappError(
            f"{found.sentence} "
            + _(
                "Nothing was written. Set the clock, or say which day it is: `fieldapp --today DD/MM/YYYY …`; the"
                " screen asks for it."
            )
        )


def warning(store: Store) -> str | None:
    """A sentence about a wall clock that is not believed; None if it is."""
    found = doubt(store)
    if found is None:
        return None
    return f"{found.sentence} " + _("Its time is not used until somebody says which day it is. Order is kept.")


def _believe(store: Store) -> None:
    """Store that the wall clock is right; only where that changes something worth writing."""
    session, now = _session(store), _ms(wall.now())
    known_until = now + _ASK_MS // 2 < (session["wall_until"] or 0) <= now + _ASK_MS
    known_lead = abs(_lead(session, now) - (session["wall_lead"] or 0)) < _DAY_MS
    if not (store.read_only or (known_until and known_lead and not session["wall_offset"])):
        _store(store, timedelta())


def _store(store: Store, by: timedelta) -> None:
    """Store that the wall clock, corrected by this, is right."""
    now = _ms(wall.now())
    with store.transaction(derived=True):
        store.db.execute(
            "UPDATE local_session SET wall_offset = ?, wall_until = ?, wall_lead = ?",
            [by // _MILLISECOND, now + _ASK_MS, _lead(_session(store), now)],
        )


def _lead(session: Row, now: int) -> int:
    """How far the readings are ahead of an instant, in milliseconds."""
    return max(0, milliseconds(session["hlc"]) - now)


def _session(store: Store) -> Row:
    row = store.row("SELECT hlc, wall_offset, wall_until, wall_lead FROM local_session")
    assert row is not None
    return row


def _newest(session: Row) -> int:
    """The instant of the newest entry, less what the readings are known to be ahead; 0 if there is no entry."""
    return max(0, milliseconds(session["hlc"]) - (session["wall_lead"] or 0)) if session["hlc"] else 0


def _plausible(newest: int) -> int:
    """The instant of the newest entry, or of the program where that is later or the entry's is implausible."""
    built = _ms(BUILT)
    return newest if built < newest <= built + AHEAD_MS else built


def _go_on_from(newest: int) -> int:
    """Where the time goes on while nobody has said which day it is: at the newest entry, if that is plausible."""
    shown, built = _ms(wall.shown()), _ms(BUILT)
    return shown if newest > built + AHEAD_MS and built <= shown <= built + AHEAD_MS else _plausible(newest)


def check_new(today: date | None) -> None:
    """Before a replica is made: refuse a wall clock that cannot be right, unless somebody says which day it is."""
    by = timedelta(days=(today - wall.shown_day()).days) if today else timedelta()
    if not _ms(BUILT) - _DAY_MS <= _ms(wall.shown() + by) <= _ms(BUILT) + AHEAD_MS:
        shown = format_date(today or wall.shown_day())
        raise FieldappError(
            _("It cannot be {shown} today. Set the clock, or say which day it is: `fieldapp --today DD/MM/YYYY …`."
              " Nothing was made.").format(shown=shown)
        )  # fmt: skip
    wall.correct(by)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _day(ms: int) -> date:
    return wall.local_day(wall.moment_of(ms))
