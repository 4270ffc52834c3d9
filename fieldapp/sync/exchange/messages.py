"""Sentences about segments that wait or were refused, and about rejected changes."""

from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, segment
from fieldapp.sync.merge import admission, forks, release
from fieldapp.sync.merge.forks import CLOCK_AHEAD, FORK
from fieldapp.sync.merge.revocation import REVOKED, UNTRUSTED
from fieldapp.sync.merge.segment_state import BAD_SIGNATURE, FOREIGN_LOG, UNKNOWN_AUTHOR
from fieldapp.sync.peers import peers, receipts
from fieldapp.sync.peers.peers import Peer
from fieldapp.vietnamese.text import clean

SEGMENT_COLUMNS = "hash, log_id, scope, replica_id, first, last, prev, knows, state, reason"
"""Columns of a segment that its sentences need"""


def replica_title(store: Store, replica_id: str) -> str:
    """A replica's name for people."""
    found = peers.get(store, replica_id)
    return brief_text(found.title) if found else _("an unknown laptop ({id})").format(id=replica_id[-4:])


def waiting_text(store: Store, row: Row) -> str:
    """What a segment waits for; ``row`` has the ``SEGMENT_COLUMNS``."""
    who = replica_title(store, row["replica_id"])
    what = {"first": row["first"], "last": row["last"], "who": who}
    if row["reason"] in (UNTRUSTED, UNKNOWN_AUTHOR):
        return _("Changes {first}–{last} of {who} wait until headquarters has certified that laptop.").format(**what)
    if row["reason"] == CLOCK_AHEAD:
        return _("Changes {first}–{last} of {who} wait: its clock showed {year}. {advice}").format(
            **what, year=clock.year(segment.last_reading(store, row["hash"])), advice=_release_advice(store, row)
        )
    reached = store.value("SELECT seq FROM local_log WHERE id = ?", [row["log_id"]]) or 0
    before = store.row(f"SELECT {SEGMENT_COLUMNS} FROM local_segment WHERE hash = ?", [row["prev"]])
    if before is not None and before["state"] == "held" and before["reason"] == CLOCK_AHEAD:
        return _(
            "Changes {first}–{last} of {who} wait for its changes before them, which its clock holds back."
        ).format(**what)
    if row["first"] > reached + 1:
        return _("Changes {first}–{last} of {who} wait: changes {a}–{b} of it have not arrived.").format(
            **what, a=reached + 1, b=row["first"] - 1
        )
    for log, last in forks.missing_knowledge(store, row).items():
        known = store.row("SELECT replica_id, seq FROM local_log WHERE id = ?", [log])
        return _("Changes {first}–{last} of {who} wait: changes {a}–{b} of {other} have not arrived.").format(
            **what,
            a=(known["seq"] if known else 0) + 1,
            b=last,
            other=replica_title(store, known["replica_id"] if known else receipts.author_of_log(store, log) or log),
        )
    return _("Changes {first}–{last} of {who} wait.").format(**what)


def to_confirm_text(name: str) -> str:
    """That a person must look at a laptop, because one that is revoked had certified or revoked it."""
    sentence = _("{name}: a laptop of headquarters that is revoked now had certified or revoked it. Confirm it.")
    return sentence.format(name=brief_text(name))


def confirm_advice(peer: Peer) -> str:
    """What to do about a laptop that is to be confirmed."""
    if peer.trust == "revoked":
        return _("It is revoked. If that is right: Del, twice. If not, F2 certifies it again.")
    return _("It is certified. F2 confirms it; if it is not theirs: Del, twice.")


def implausible_clock_text(who: str, hlc: int) -> str | None:
    """What a bundle with an implausible clock reading means for its reader; None for any other reading."""
    if clock.is_plausible(hlc):
        return None
    return _(
        "{who} wrote it while its clock showed {year}: what it says it has received is not counted. There: set the"
        " clock, `fieldapp sync release`, and export again. Nothing is lost."
    ).format(who=brief_text(who), year=clock.year(hlc))


def implausible_pack_text(store: Store, name: str) -> str | None:
    """Why nothing can begin from a pack whose segments have implausible clock readings; None if none of them has."""
    hash_ = store.value("SELECT hash FROM local_segment WHERE state = 'held' AND reason = ? LIMIT 1", [CLOCK_AHEAD])
    if hash_ is None:
        return None
    return _(
        "{name} has entries from a day when headquarters' clock showed {year}. Nothing was changed. At headquarters:"
        " set the clock, `fieldapp sync release`, and write a new pack."
    ).format(name=name, year=clock.year(segment.last_reading(store, hash_)))


def to_release_text(found: release.ToRelease) -> str:
    """What a release here would log again, and how it is done."""
    if not found.changes:
        return _(
            "This laptop's clock showed {year} once, and its bundles still say so. Release it: Enter in “To decide”, or"
            " `fieldapp sync release`."
        ).format(year=found.year)
    return _(
        "{changes} recorded while a clock showed {year} wait. Release them: Enter in “To decide”, or"
        " `fieldapp sync release`."
    ).format(changes=counted("{n} change", "{n} changes", found.changes), year=found.year)


def _release_advice(store: Store, row: Row) -> str:
    if release.may_release(store, row):
        return _("Release them: Enter in “To decide”, or `fieldapp sync release`.")
    return _("Headquarters or that laptop releases them: `fieldapp sync release`.")


def quarantine_text(store: Store, row: Row) -> str:
    """Why a segment is in quarantine; ``row`` has the ``SEGMENT_COLUMNS``."""
    reasons = {
        BAD_SIGNATURE: _("the signature is not its author's"),
        FORK: _(
            "its disk was copied or set back. It sends this again; if it is gone, `fieldapp hq adopt` takes it over"
        ),
        FOREIGN_LOG: _("it claims a log that belongs to another laptop"),
        REVOKED: _("headquarters has revoked that laptop"),
    }
    return _("Changes {first}–{last} of {who} are in quarantine: {why}.").format(
        first=row["first"],
        last=row["last"],
        who=replica_title(store, row["replica_id"]),
        why=reasons.get(row["reason"], row["reason"]),
    )


def bad_segment_text(why: str) -> str:
    """Why a member of a bundle is not a segment."""
    return _("A part of the bundle is no segment: {why}.").format(why=brief_text(why))


def rejected_change_text(log: str, seq: int, reason: str) -> str:
    """Why a change is rejected; ``reason``: one of those in ``merge/admission.py``, or one of a later version."""
    reasons = {
        admission.UNKNOWN_TABLE: _("this version does not know that kind of record"),
        admission.NOT_ALLOWED: _("its author may not write that"),
        admission.UNCLEAN_TEXT: _("its text has characters that are never stored"),
        admission.NO_SUCH_ROW: _("it changes a record that is not there"),
        admission.IMPOSSIBLE: _("its value is out of range or names a record that is not there"),
    }
    return _("Change {seq} of log {log} does not count: {why}.").format(
        seq=seq, log=clean(log)[-4:], why=reasons.get(reason, _("for a reason that this version does not know"))
    )
