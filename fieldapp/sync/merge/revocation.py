"""Revocation of a laptop that is no longer trusted, because it was lost, stolen or handed back.

Headquarters signs up to which change each of the laptop's logs is valid; this statement travels on in bundles. Later
changes by the laptop are quarantined wherever they arrive, and withdrawn where they were applied. A later certificate
undoes the revocation.
"""

import json

import msgspec

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, keys
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer

REVOKED = "revoked"


def sign_revocation(store: Store, peer: Peer) -> None:
    """Revoke a laptop; its changes that headquarters has stay valid. Inside an applying transaction, after sealing."""
    me = peers.own(store)
    if me.role != "hq" or me.trust != "certified" or not _may_revoke(store, me, peer):
        raise FieldappError(_("{name} was certified by another headquarters: only that one revokes it.").format(
            name=peer.title))  # fmt: skip
    if peer.trust == "revoked":
        raise FieldappError(_("{name} is revoked already.").format(name=peer.title))
    revocation = keys.Revocation(
        format=keys.REVOCATION_FORMAT,
        replica=peer.id,
        issuer=me.id,
        hlc=clock.tick(store),
        logs={r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log WHERE replica_id = ?", [peer.id])},
    )
    data = keys.encode_revocation(revocation)
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    _store_revocation(store, revocation, data, keys.sign(secret, data, "fieldapp revocation"))
    peers.renew_certificates_of(store, peer)


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
    """Take in a revocation from a bundle; inside an applying transaction.

    It is ignored unless its issuer may revoke the laptop and signed it, and it is newer than the laptop's certificate
    and revocation that are known here. With an implausible clock reading it is ignored, because no later statement
    would count beside it: headquarters signs it again (``sign_again``).
    """
    peer, issuer = peers.get(store, revocation.replica), peers.get(store, revocation.issuer)
    if peer is None or issuer is None or issuer.role != "hq" or issuer.trust != "certified":
        return
    late = peers.newest_statement(store, peer) < revocation.hlc <= clock.latest_plausible()
    if not late or not _may_revoke(store, issuer, peer):
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
    if revocation.replica == store.identity.replica_id:
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


def is_within_revocation(store: Store, segment: Row) -> bool:
    """Whether a segment of a revoked laptop is among those that the revocation leaves valid."""
    logs = store.value("SELECT logs FROM local_revocation WHERE replica_id = ?", [segment["replica_id"]])
    return logs is not None and segment["last"] <= json.loads(logs).get(segment["log_id"], 0)


def release_quarantined(store: Store) -> None:
    """Hold again the quarantined segments of laptops that were revoked and are trusted again; inside a transaction."""
    store.db.execute(
        "UPDATE local_segment SET state = 'held' WHERE state = 'quarantined' AND reason = ? AND replica_id IN"
        " (SELECT id FROM local_replica WHERE trust = 'certified')",
        [REVOKED],
    )


def signed_revocations(store: Store, replica_ids: list[str]) -> list[Row]:
    """(replica_id, paper, signature) of each given replica that is revoked; ``paper`` is the signed revocation."""
    return store.rows(
        "SELECT replica_id, paper, signature FROM local_revocation"
        " WHERE replica_id IN (SELECT value FROM json_each(?)) ORDER BY replica_id",
        [json.dumps(replica_ids)],
    )
