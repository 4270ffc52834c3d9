"""Replies to many bundles at once: each is written onto the stick that its bundle came from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import Cancelled, FieldappError, reason_text
from fieldapp.i18n import _
from fieldapp.store import disk
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import bundle_contents, outgoing, sticks
from fieldapp.sync.exchange.incoming import Imported
from fieldapp.sync.exchange.outgoing import Exported
from fieldapp.sync.format import clock, drives, keys, segment
from fieldapp.sync.format.bundle import Progress
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer


@dataclass
class Replies:
    """The replies that were written, those that lie there already, and a sentence for each one that is missing."""

    written: list[Exported] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """names of the laptops whose reply lies on the stick already, and says all that a new one would say"""
    problems: list[str] = field(default_factory=list)
    uncertified: list[str] = field(default_factory=list)
    """those of ``problems`` that say that a laptop waits to be certified"""


_LAST_FOR_POSTS = "SELECT seq FROM local_change WHERE log_id = ? AND table_name <> 'post' ORDER BY seq DESC LIMIT 1"


def unwritten(store: Store) -> list[Peer]:
    """At headquarters: the certified laptops of posts that a reply would tell more than the last one that was written.

    That is what was written here for them since, in their own scope or for all; their certificate; and the receipt of
    what they brought. Of other posts they need not hear soon. What a laptop has acknowledged needs no reply, whoever
    carried it there.
    """
    return store.cached_until_changed("replies", lambda: _unwritten(store)) if store.role == "hq" else []


def _unwritten(store: Store) -> list[Peer]:
    me = store.identity.replica_id
    own = store.rows("SELECT id, scope, seq FROM local_log WHERE replica_id = ? AND seq > 0", [me])
    by_scope: dict[str | None, list[Row]] = {}
    for log in own:
        if log["scope"] == "*":
            log["seq"] = store.value(_LAST_FOR_POSTS, [log["id"]]) or 0
        by_scope.setdefault(log["scope"], []).append(log)
    acknowledged = {
        (row["replica_id"], row["log_id"]): row["last"]
        for row in store.rows(
            "SELECT h.replica_id, h.log_id, max(s.last) AS last FROM local_log l"
            " JOIN local_head h ON h.log_id = l.id JOIN local_segment s ON s.hash = h.hash AND s.state = 'applied'"
            " WHERE l.replica_id = ? GROUP BY h.replica_id, h.log_id",
            [me],
        )
    }
    written = {
        row["recipient"]: row
        for row in store.rows("SELECT recipient, name, logs, max(number) FROM local_written GROUP BY recipient")
    }

    unanswered = {row["replica_id"] for row in store.rows("SELECT replica_id FROM local_read WHERE answered = 0")}

    def lacks(to: Peer) -> bool:
        if to.id in unanswered:
            return True
        last = written.get(to.id)
        certificate = keys.decode_certificate(to.certificate)
        certified_at = certificate.issued_at if certificate is not None and certificate.issuer == me else ""
        if certified_at and (last is None or certified_at[:19] > sticks.written_at(last["name"])):
            return True
        logs = json.loads(last["logs"]) if last is not None else {}
        return any(
            log["seq"] > max(logs.get(log["id"], 0), acknowledged.get((to.id, log["id"]), 0))
            for log in (*by_scope.get("*", ()), *by_scope.get(to.post_id, ()))
        )

    return [to for to in peers.partners(store) if to.role == "post" and lacks(to)]


def reply(
    store: Store, results: Sequence[Imported], dest: Path | None = None, progress: Progress | None = None
) -> Replies:
    """Write a reply for each sender, and for the other certified laptops of its post.

    The replies go into the folder of the sender's bundle, or all into ``dest``. If one stick is full or gone, the
    others still get their replies. If a bundle could not be read, its file name tells the sender: with the reply the
    post learns that the bundle did not arrive. A reply that lies there already, whole, is not written anew if the new
    one would say nothing else.
    """
    if dest is not None:
        drives.check_target(store.home, dest)
    clock.check_day(store)
    with store.transaction():
        segment.seal_open_changes(store)
    done = Replies()
    inventory = bundle_contents.take_inventory(store)
    partners = peers.partners(store, inventory.others)
    wanted: dict[tuple[str, Path], Peer] = {}
    for result in results:
        sender = (
            peers.get(store, result.sender_id)
            if result.sender_id
            else outgoing.sender_of_name(result.path.name, partners)
        )
        if sender is None:
            continue
        if sender.trust != "certified":
            revoked = _(
                "No reply is written for {name}: it is revoked. What came since is in quarantine; ask who uses it."
            )
            waits = _("No reply is written for {name}: it waits to be certified.")
            line = (revoked if sender.trust == "revoked" else waits).format(name=sender.title)
            done.problems += [line] if line not in done.problems else []
            done.uncertified += [line] if sender.trust != "revoked" else []
        for to in partners:
            if to.id == sender.id or (sender.role == "post" and to.post_id == sender.post_id):
                wanted[(to.id, dest or result.path.parent)] = to
    written: list[tuple[Peer, Exported]] = []
    try:
        for number, ((_id, folder), to) in enumerate(wanted.items()):
            if progress is not None:
                progress("write", number, len(wanted))
            try:
                drives.check_target(store.home, folder)
                if outgoing.lies_there(store, folder, inventory, to):
                    done.kept.append(to.title)
                    continue
                written.append((to, outgoing.export_to(store, folder, inventory, to)))
            except (FieldappError, OSError) as error:
                done.problems.append(f"{to.title}: {reason_text(error)}")
    except Cancelled:
        for _to, made in written:
            disk.try_remove(made.path)
        raise
    done.written = outgoing.with_files(store, inventory, written, progress)
    return done
