"""Sentences about segments that wait or were refused, and about rejected changes."""

from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge import admission, forks
from fieldapp.sync.merge.forks import FORK
from fieldapp.sync.merge.revocation import REVOKED
from fieldapp.sync.merge.segment_state import BAD_SIGNATURE, CLOCK_AHEAD, FOREIGN_LOG, UNKNOWN_AUTHOR, UNTRUSTED
from fieldapp.sync.peers import peers, receipts
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
        return _("Changes {first}–{last} of {who} wait: that laptop's clock runs years ahead.").format(**what)
    reached = store.value("SELECT seq FROM local_log WHERE id = ?", [row["log_id"]]) or 0
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
