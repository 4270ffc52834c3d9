"""The way out of implausible clock readings: an officer lets the changes be logged again, with readings of today.

A laptop whose clock once showed 2099 wrote changes that wait everywhere (``forks.CLOCK_AHEAD``), and so do all
that it writes after them. A release logs them again in a log of this replica, in their old order, with the same values,
authors, times and knowledge. Such changes are like any others: they reach every laptop, also one with an older version
of the program. The segments with the old readings are then ``settled`` everywhere (``forks.forget_settled``).

A laptop releases what it wrote itself; headquarters also what others wrote in a scope that it writes. It then answers
for these changes as for its own. So those that their author might not write are left out, and what this version does
not know waits for its author.
"""

import json

from msgspec import Struct

from fieldapp.store import people
from fieldapp.store.log import Change
from fieldapp.store.people import Act
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, keys, segment
from fieldapp.sync.merge import forks, merge, revocation
from fieldapp.sync.merge.admission import Schema
from fieldapp.sync.merge.forks import CLOCK_AHEAD, FORK
from fieldapp.sync.peers import logs, peers, receipts

_SEGMENT = "hash, log_id, scope, replica_id, first, last, prev, knows, state, reason"


class ToRelease(Struct, frozen=True):
    """What a release here would log again."""

    changes: int
    year: int
    """that the clock showed, at the latest"""


def to_release(store: Store) -> ToRelease | None:
    """What can be released here; None where nothing has an implausible reading. Every screen asks this."""
    ahead = [] if clock.is_plausible(clock.current(store)) else [clock.current(store)]
    held = store.rows(f"SELECT {_SEGMENT} FROM local_segment WHERE state = 'held' AND reason = ?", [CLOCK_AHEAD])
    ahead += [segment.last_reading(store, row["hash"]) for row in held if may_release(store, row)]
    if not ahead:
        return None
    changes = sum(row["last"] - row["first"] + 1 for row in _segments(store)) + _unsealed(store)
    return ToRelease(changes, clock.year(max(ahead)))


def may_release(store: Store, row: Row) -> bool:
    """Whether a segment may be released here; ``row`` has its ``replica_id`` and ``scope``."""
    me = store.row("SELECT id, role FROM local_replica WHERE own = 1")  # none while a replica begins from its pack
    if me is None or row["replica_id"] == me["id"]:
        return me is not None
    return me["role"] == "hq" and bool(
        store.value("SELECT 1 FROM local_log WHERE own = 1 AND scope = ?", [row["scope"]])
        and store.value("SELECT 1 FROM local_replica WHERE id = ? AND trust = 'certified'", [row["replica_id"]])
    )


def release(store: Store) -> int:
    """Log again, with readings of today, what waits because of its clock readings; returns how many changes.

    This replica's clock goes back to the newest plausible reading. Changes that are logged elsewhere already, because
    another laptop released them, are not logged twice. Headquarters issues certificates and revocations anew.
    """
    people.check(store, Act.IMPORT)
    clock.check_day(store)
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        return release_sealed(store)


def release_sealed(store: Store) -> int:
    """``release`` inside an applying transaction, with nothing unsealed."""
    found = _segments(store)
    touched, reach = [], {}
    for log_id in dict.fromkeys(row["log_id"] for row in found):
        for row in found:
            if row["log_id"] == log_id:
                forks.settle(store, row["hash"])
        touched += merge.withdraw_log(store, log_id) if _known(store, log_id) else []
        reach[log_id] = store.value("SELECT seq FROM local_log WHERE id = ?", [log_id]) or 0
    _hold_ahead_of_others(store, touched)
    _set_clock_back(store)
    for log in store.rows("SELECT id, scope FROM local_log WHERE own = 1 ORDER BY scope"):
        if log["id"] in reach:
            logs.begin_log(store, log["scope"])
    number = _log_again(store, found, reach, touched)
    merge.refold(store, touched)
    _issue_again(store)
    return number


def release_if_logged_elsewhere(store: Store) -> None:
    """Settle what this replica wrote with implausible readings, if another one has logged all of it again.

    Inside an applying transaction, with nothing unsealed. So headquarters' release reaches a post by itself.
    """
    if clock.is_plausible(clock.current(store)):
        return
    found = [row for row in _segments(store) if row["state"] == "applied"]
    if found and all(not forks.not_logged(store, _changes(store, row), besides=row["log_id"]) for row in found):
        release_sealed(store)


def _segments(store: Store) -> list[Row]:
    """The segments to release, each log in order: those with implausible readings, and those that follow them."""
    found = [row for log_id, first in _applied_ahead(store) for row in _applied_from(store, log_id, first)]
    found += store.rows(
        f"SELECT {_SEGMENT} FROM local_segment WHERE state = 'held' AND log_id IN"
        " (SELECT log_id FROM local_segment WHERE state = 'held' AND reason = ?) ORDER BY log_id, first",
        [CLOCK_AHEAD],
    )
    off = {row["hash"] for row in found if row["state"] == "applied" or row["reason"] == CLOCK_AHEAD}
    for row in found:  # what waits behind them in the same log
        if row["prev"] in off:
            off.add(row["hash"])
    found += [
        row
        for row in store.rows(
            f"SELECT {_SEGMENT} FROM local_segment WHERE state = 'quarantined' AND reason = ?", [FORK]
        )
        if not clock.is_plausible(segment.last_reading(store, row["hash"]))
    ]
    found = [row for row in found if (row["hash"] in off or row["reason"] == FORK) and may_release(store, row)]
    known = Schema(store).columns
    me = store.identity.replica_id
    return [r for r in found if r["replica_id"] == me or all(c.table in known for c in _changes(store, r))]


def _applied_ahead(store: Store) -> list[tuple[str, int]]:
    """(log, first change of its first segment with implausible readings) of each log that has such segments applied.

    Our own clock is past all that is applied; so usually one look at it is enough.
    """
    if clock.is_plausible(clock.current(store)):
        return []
    rows = store.rows(
        "SELECT log_id, min(first) AS first FROM local_segment WHERE state = 'applied' AND last_hlc > ?"
        " GROUP BY log_id",
        [clock.latest_plausible()],
    )
    return [(row["log_id"], row["first"]) for row in rows]


def _applied_from(store: Store, log_id: str, first: int) -> list[Row]:
    return store.rows(
        f"SELECT {_SEGMENT} FROM local_segment WHERE state = 'applied' AND log_id = ? AND first >= ? ORDER BY first",
        [log_id, first],
    )


def _unsealed(store: Store) -> int:
    """How many own changes with implausible readings are not sealed yet."""
    found: int = store.value(
        "SELECT count(*) FROM local_change c JOIN local_log l ON l.id = c.log_id AND l.own = 1"
        " WHERE c.seq > coalesce((SELECT max(last) FROM local_segment s WHERE s.log_id = l.id AND s.state = 'applied'),"
        " 0) AND c.hlc > ?",
        [clock.latest_plausible()],
    )
    return found


def _changes(store: Store, row: Row) -> list[Change]:
    data = store.value("SELECT bytes FROM local_segment WHERE hash = ?", [row["hash"]])
    return segment.decode(data)[1]


def _countable(store: Store, row: Row) -> list[Change]:
    changes = _changes(store, row)
    return changes if row["replica_id"] == store.identity.replica_id else forks.permitted(store, row, changes)


def _known(store: Store, log_id: str) -> bool:
    return store.value("SELECT 1 FROM local_log WHERE id = ?", [log_id]) is not None


def _hold_ahead_of_others(store: Store, touched: list[tuple[str, str]]) -> None:
    """Hold what others wrote with implausible readings and was applied here, while our own clock was ahead as well."""
    for log_id, first in _applied_ahead(store):
        store.db.execute(
            "UPDATE local_segment SET state = 'held', reason = ? WHERE state = 'applied' AND log_id = ? AND first >= ?",
            [CLOCK_AHEAD, log_id, first],
        )
        touched += merge.withdraw_log(store, log_id)


def _set_clock_back(store: Store) -> None:
    """Set this replica's clock to the newest plausible reading that is here."""
    bound = clock.latest_plausible()
    newest = max(
        store.value("SELECT coalesce(max(last_hlc), 0) FROM local_segment WHERE state = 'applied'"),
        store.value("SELECT coalesce(max(hlc), 0) FROM local_receipt WHERE hlc <= ?", [bound]),
    )
    store.db.execute("UPDATE local_session SET hlc = ?, wall_lead = 0 WHERE hlc > ?", [newest, bound])
    receipts.forget_implausible(store)
    store.db.execute("UPDATE local_recovery_code SET hlc = 0 WHERE hlc > ?", [bound])


def _log_again(store: Store, found: list[Row], reach: dict[str, int], touched: list[tuple[str, str]]) -> int:
    """Log and seal the changes of segments in the current own logs; returns how many.

    They get new readings in the order of the old ones. ``reach``: log -> its last change that stays.
    """
    wanted = {row["hash"]: forks.not_logged(store, _countable(store, row)) for row in found}
    ordered = sorted((c.hlc, c.log_id, c.seq) for changes in wanted.values() for c in changes)
    readings = {(log_id, seq): clock.tick(store) for _hlc, log_id, seq in ordered}
    for row in found:
        changes = wanted[row["hash"]]
        touched += [(c.table, c.row_id) for c in changes]
        knows = {**json.loads(row["knows"]), row["log_id"]: reach[row["log_id"]]}
        forks.log_again(store, row["scope"], changes, knows, [readings[c.log_id, c.seq] for c in changes])
    store.db.execute("UPDATE local_batch SET hlc = ? WHERE hlc > ?", [clock.current(store), clock.latest_plausible()])
    return len(ordered)


def _issue_again(store: Store) -> None:
    """At headquarters: issue again the certificates and revocations that it signed with implausible readings."""
    me = peers.own(store)
    if me.role != "hq" or me.trust != "certified":
        return
    for peer in peers.others(store):
        certificate = keys.decode_certificate(peer.certificate)
        ours = certificate is not None and certificate.issuer == me.id and not clock.is_plausible(certificate.hlc)
        if peer.trust == "certified" and ours:
            peers.issue_again(store, peer)
    revocation.sign_again(store, me)
