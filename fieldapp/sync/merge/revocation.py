"""Revocation of a laptop that is no longer trusted, because it was lost, stolen or handed back.

Headquarters signs up to which change each of the laptop's logs is valid; this statement travels on in bundles. Later
changes by the laptop are quarantined wherever they arrive, and withdrawn where they were applied. A later certificate
undoes the revocation.

A laptop of headquarters has certified and revoked others, too. What the one that revokes it had heard of that, it takes
over in its own name, and lists it until a person has looked at each. No other word of the revoked laptop counts any
more, wherever it had arrived and whatever its clock reading: who was certified by it alone waits again, and who was
revoked by it alone is trusted again (``drop_unfounded``).
"""

import json

import msgspec

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, keys
from fieldapp.sync.merge import merge
from fieldapp.sync.merge.admission import RowKey
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer

REVOKED = "revoked"
UNTRUSTED = "untrusted"


def sign_revocation(store: Store, peer: Peer) -> None:
    """Revoke a laptop; its changes that headquarters has stay valid. Inside an applying transaction, after sealing."""
    me = peers.own(store)
    if me.role != "hq" or me.trust != "certified" or not _may_revoke(store, me, peer):
        raise FieldappError(_("{name} was certified by another headquarters: only that one revokes it.").format(
            name=peer.title))  # fmt: skip
    if peer.trust == "revoked" and peer.id in peers.unconfirmed(store):
        peers.confirm(store, peer)
        return
    if peer.trust == "revoked":
        raise FieldappError(_("{name} is revoked already.").format(name=peer.title))
    peers.check_may_speak(store, peer)
    logs = {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log WHERE replica_id = ?", [peer.id])}
    _sign(store, me, peer, logs)
    peers.confirm(store, peer)
    if peer.role != "hq":
        return
    taken_over = peers.renew_certificates_of(store, peer)
    for row in store.rows("SELECT replica_id, paper FROM local_revocation ORDER BY replica_id"):
        signed, revoked = keys.decode_revocation(row["paper"]), peers.get(store, row["replica_id"])
        if signed is not None and revoked is not None and signed.issuer == peer.id:
            _sign(store, me, revoked, signed.logs)
            taken_over.append(revoked.id)
    store.set_setting(peers.UNCONFIRMED, json.dumps([*peers.unconfirmed(store), *taken_over]))
    drop_unfounded(store)


def _sign(store: Store, me: Peer, peer: Peer, logs: dict[str, int]) -> None:
    """Sign and store a revocation that leaves the changes of a replica up to ``logs`` valid."""
    revocation = keys.Revocation(
        format=keys.REVOCATION_FORMAT,
        replica=peer.id,
        issuer=me.id,
        hlc=peers.reading_of_statement(store, peer),
        logs=logs,
    )
    data = keys.encode_revocation(revocation)
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    _store_revocation(store, revocation, data, keys.sign(secret, data, "fieldapp revocation"))


def sign_again(store: Store, me: Peer) -> None:
    """Sign our revocations with implausible clock readings once more, with right ones; inside a transaction."""
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    for row in store.rows("SELECT paper FROM local_revocation WHERE hlc > ?", [clock.latest_plausible()]):
        signed = keys.decode_revocation(row["paper"])
        if signed is not None and signed.issuer == me.id:
            revocation = msgspec.structs.replace(signed, hlc=clock.tick(store))
            data = keys.encode_revocation(revocation)
            _store_revocation(store, revocation, data, keys.sign(secret, data, "fieldapp revocation"))


def take_revocation(store: Store, revocation: keys.Revocation, data: bytes, signature: bytes) -> None:
    """Take in a revocation from a bundle or a pack; inside an applying transaction.

    It is ignored unless its issuer may revoke the laptop and signed it, and it takes the place of the certificate and
    revocation of it that are known here (``peers.counts_now``). With an implausible clock reading it is ignored,
    because no later statement would count beside it: headquarters signs it again (``sign_again``).
    """
    peer, issuer = peers.get(store, revocation.replica), peers.get(store, revocation.issuer)
    if peer is None or issuer is None or issuer.role != "hq" or issuer.trust != "certified":
        return
    if not peers.counts_now(store, issuer.id, peer, revocation.hlc) or not _may_revoke(store, issuer, peer):
        return
    if keys.verify(issuer.sign_key, data, signature):
        _store_revocation(store, revocation, data, signature)


def _may_revoke(store: Store, issuer: Peer, peer: Peer) -> bool:
    """Whether ``issuer`` is of the headquarters that certified a laptop; of a pending laptop, any headquarters may be.

    Nobody can revoke a root of trust: headquarters that replaces it begins again, with new packs.
    """
    certifier = peers.get(store, peer.issuer)
    if peer.trust == "pending":
        return True
    return peer.issuer != peer.id and certifier is not None and certifier.post_code == issuer.post_code


def _store_revocation(store: Store, revocation: keys.Revocation, data: bytes, signature: bytes) -> None:
    store.db.execute("UPDATE local_replica SET trust = 'revoked' WHERE id = ?", [revocation.replica])
    store.db.execute(
        "INSERT OR REPLACE INTO local_revocation VALUES (?, ?, ?, ?, ?)",
        [revocation.replica, revocation.hlc, json.dumps(revocation.logs), data, signature],
    )
    if store.value("SELECT own FROM local_replica WHERE id = ?", [revocation.replica]):
        return  # this laptop itself is revoked: its users can still read what is on it
    touched = []
    for log in store.rows("SELECT id FROM local_log WHERE replica_id = ?", [revocation.replica]):
        last = revocation.logs.get(log["id"], 0)
        store.db.execute(
            "UPDATE local_segment SET state = 'quarantined', reason = ?"
            " WHERE log_id = ? AND last > ? AND state = 'applied'",
            [REVOKED, log["id"], last],
        )
        touched += merge.withdraw_log(store, log["id"])
    merge.refold(store, touched)


def drop_unfounded(store: Store) -> bool:
    """Drop every word of laptops of headquarters that are not trusted any more; returns whether there was one.

    Inside an applying transaction, with nothing unsealed. A certificate counts only if its issuer is certified, and so
    on up to a root; a revocation only if its issuer is. Who was certified by such a laptop alone waits for a
    certificate, and so do its changes; who was revoked by it alone is what its certificate says.
    """
    found = False
    touched: list[RowKey] = []
    while True:
        counts = peers.founded(store)
        lifted = [
            row["replica_id"]
            for row in store.rows("SELECT replica_id, paper FROM local_revocation")
            if (signed := keys.decode_revocation(row["paper"])) is None or signed.issuer not in counts
        ]
        for replica_id in lifted:
            store.db.execute("DELETE FROM local_revocation WHERE replica_id = ?", [replica_id])
            store.db.execute(
                "UPDATE local_replica SET trust = CASE CAST(certificate AS TEXT) ->> '$.issuer' WHEN id THEN 'pending'"
                " ELSE 'certified' END WHERE id = ?",
                [replica_id],
            )  # no root of trust can be revoked: its own word is a request
        if lifted:
            found = True
            continue
        fallen = store.rows(
            "SELECT id, own FROM local_replica WHERE trust = 'certified'"
            " AND id NOT IN (SELECT value FROM json_each(?))",
            [json.dumps(sorted(counts))],
        )
        if not fallen:
            break
        found = True
        for row in fallen:
            store.db.execute("UPDATE local_replica SET trust = 'pending' WHERE id = ?", [row["id"]])
            touched += [] if row["own"] else _hold_changes(store, row["id"])
    merge.refold(store, touched)
    return found


def _hold_changes(store: Store, replica_id: str) -> list[RowKey]:
    """Hold what a replica wrote; returns the rows to be folded again."""
    store.db.execute(
        "UPDATE local_segment SET state = 'held', reason = ? WHERE replica_id = ? AND state = 'applied'",
        [UNTRUSTED, replica_id],
    )
    touched: list[RowKey] = []
    for log in store.rows("SELECT id FROM local_log WHERE replica_id = ?", [replica_id]):
        touched += merge.withdraw_log(store, log["id"])
    return touched


def logs_of_orphaned(store: Store) -> list[str]:
    """The logs of laptops that wait because who certified them is revoked, as far as their changes are here."""
    found = store.rows(
        "SELECT DISTINCT s.log_id FROM local_segment s JOIN local_replica r ON r.id = s.replica_id"
        " JOIN local_replica i ON i.id = CAST(r.certificate AS TEXT) ->> '$.issuer'"
        " WHERE s.state = 'held' AND r.trust = 'pending' AND i.trust = 'revoked'"
    )
    return [row["log_id"] for row in found]


def is_within_revocation(store: Store, segment: Row) -> bool:
    """Whether a segment of a revoked laptop is among those that the revocation leaves valid."""
    logs = store.value("SELECT logs FROM local_revocation WHERE replica_id = ?", [segment["replica_id"]])
    return logs is not None and segment["last"] <= json.loads(logs).get(segment["log_id"], 0)


def release_quarantined(store: Store) -> None:
    """Hold again the quarantined segments of laptops that were revoked and are not any more; inside a transaction."""
    store.db.execute(
        "UPDATE local_segment SET state = 'held' WHERE state = 'quarantined' AND reason = ? AND replica_id IN"
        " (SELECT id FROM local_replica WHERE trust <> 'revoked')",
        [REVOKED],
    )


def signed_revocations(store: Store, replica_ids: list[str]) -> list[Row]:
    """(replica_id, paper, signature) of each given replica that is revoked; ``paper`` is the signed revocation."""
    return store.rows(
        "SELECT replica_id, paper, signature FROM local_revocation"
        " WHERE replica_id IN (SELECT value FROM json_each(?)) ORDER BY replica_id",
        [json.dumps(replica_ids)],
    )
