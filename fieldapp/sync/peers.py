"""The replicas that this one knows: their certificates, whether they are trusted, and what they said they have."""

import json
from dataclasses import dataclass

from fieldapp.errors import FieldappError, Refused
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store, now
from fieldapp.sync import keys
from fieldapp.sync.bundle import Head, Manifest

OTHER_KEYS = "other_keys"
REVOKED = "revoked"


@dataclass(frozen=True)
class Peer:
    """Another replica, or this one."""

    id: str
    name: str
    role: str
    trust: str
    post_id: str | None
    post_code: str | None
    post_name: str | None
    sign_key: str
    age_key: str
    certificate: bytes
    certificate_signature: bytes
    have: dict[str, Head]
    have_at: str | None

    @property
    def title(self) -> str:
        """How people call it: the post's name, and the laptop's."""
        return f"{self.post_name} ({self.name})" if self.post_name else self.name

    @property
    def fingerprint(self) -> str:
        """Its keys in words, to compare by telephone."""
        return keys.fingerprint(self.sign_key, self.age_key)

    def sees(self, scope: str) -> bool:
        """Whether logs of a scope may reach it: headquarters all, a post those for all and its own."""
        return self.role == "hq" or scope in ("*", self.post_id)


def own(store: Store) -> Peer:
    """This replica."""
    row = store.row("SELECT * FROM local_replica WHERE own = 1")
    assert row is not None
    return _peer(row)


def others(store: Store) -> list[Peer]:
    """All others, by name."""
    return [_peer(r) for r in store.rows("SELECT * FROM local_replica WHERE own = 0 ORDER BY post_code, name, id")]


def find(store: Store, text: str) -> Peer:
    """The other replica that ``text`` names: its id or the beginning of it, its post's code, or its name."""
    found = [p for p in others(store) if p.id == text]
    found = found or [p for p in others(store) if text in (p.post_code, p.name, p.post_name)]
    found = found or [p for p in others(store) if len(text) >= 4 and p.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise FieldappError(_("No laptop is known by “{text}”. `fieldapp hq replicas` lists them.").format(text=text))
    raise FieldappError(
        _("“{text}” names several laptops: {ids}. Give the id.").format(
            text=text, ids=", ".join(f"{p.title} {p.id}" for p in found)
        )
    )


def add_own(store: Store, own_keys: keys.Keys, certificate: keys.Certificate) -> None:
    """Enter this replica, with its secrets; inside a transaction. Headquarters trusts itself, a post waits."""
    data = keys.encode_certificate(certificate)
    _insert(
        store,
        certificate,
        data,
        keys.sign(own_keys.sign_secret, data, "fieldapp certificate"),
        "certified" if certificate.role == "hq" else "pending",
    )
    store.db.execute(
        "UPDATE local_replica SET own = 1, sign_secret = ?, age_secret = ? WHERE id = ?",
        [own_keys.sign_secret, own_keys.age_secret, certificate.replica],
    )


def add_root(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """Trust the headquarters whose pack this replica starts from; inside a transaction."""
    _insert(store, certificate, data, signature, "certified")


def learn(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """Take in a certificate from a bundle, as far as its signature carries; inside a transaction.

    One by a certified headquarters certifies. A request of an unknown replica is kept as pending. Anything else, such
    as other keys for a replica that is known, is passed over: the keys that are known stay.
    """
    known = store.row("SELECT * FROM local_replica WHERE id = ?", [certificate.replica])
    if known and (known["sign_key"], known["age_key"]) != (certificate.sign_key, certificate.age_key):
        return
    if certificate.is_request:
        if known is None and keys.verify(certificate.sign_key, data, signature):
            _insert(store, certificate, data, signature, "pending")
        return
    issuer = store.row(
        "SELECT sign_key FROM local_replica WHERE id = ? AND role = 'hq' AND trust = 'certified'", [certificate.issuer]
    )
    if issuer is None or not keys.verify(issuer["sign_key"], data, signature):
        return
    if known is None:
        _insert(store, certificate, data, signature, "certified")
    elif known["trust"] == "pending":
        _certify(store, certificate, data, signature)


def trust(store: Store, peer: Peer) -> None:
    """Certify a replica after its fingerprint was compared; inside a transaction. Headquarters only."""
    me = store.row("SELECT id, role, sign_secret FROM local_replica WHERE own = 1")
    assert me is not None
    if me["role"] != "hq":
        raise FieldappError(_("Only headquarters certifies laptops."))
    if peer.trust == "certified":
        raise FieldappError(_("{name} is certified already.").format(name=peer.title))
    request = keys.decode_certificate(peer.certificate)
    assert request is not None
    if request.role == "post":
        post = store.row("SELECT code FROM post WHERE id = ?", [request.post_id])
        if post is None or post["code"] != request.post_code:
            raise FieldappError(_("{name} claims a post that is not one of ours.").format(name=peer.title))
    certificate = keys.Certificate(
        format=request.format,
        replica=request.replica,
        name=request.name,
        role=request.role,
        sign_key=request.sign_key,
        age_key=request.age_key,
        issuer=me["id"],
        issued_at=now(),
        post_id=request.post_id,
        post_code=request.post_code,
        post_name=request.post_name,
    )
    data = keys.encode_certificate(certificate)
    _certify(store, certificate, data, keys.sign(me["sign_secret"], data, "fieldapp certificate"))


def check_sender(store: Store, certificate: keys.Certificate, name: str) -> None:
    """Refuse a bundle in the name of a replica whose keys are known to be others, or that is revoked."""
    known = store.row(
        "SELECT sign_key, age_key, trust FROM local_replica WHERE id = ? AND own = 0", [certificate.replica]
    )
    if known is None:
        return
    if (known["sign_key"], known["age_key"]) != (certificate.sign_key, certificate.age_key):
        raise Refused(
            OTHER_KEYS,
            _("{name} claims a sender whose keys are others: it is forged. Nothing was changed.").format(name=name),
        )
    if known["trust"] == "revoked":
        raise Refused(REVOKED, _("{name} is of a laptop that was revoked. Nothing was changed.").format(name=name))


def heard(store: Store, manifest: Manifest) -> None:
    """Keep what a certified sender says it has, unless a later word of it is known; inside a transaction."""
    store.db.execute(
        "UPDATE local_replica SET have = ?, have_hlc = ?, have_at = ?"
        " WHERE id = ? AND own = 0 AND trust = 'certified' AND coalesce(have_hlc, 0) < ?",
        [
            json.dumps({log: {"last": h.last, "hash": h.hash} for log, h in manifest.have.items()}),
            manifest.hlc,
            manifest.made_at,
            manifest.sender,
            manifest.hlc,
        ],
    )


def _certify(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """What the certificate says replaces what the replica's own request claimed."""
    store.db.execute(
        "UPDATE local_replica SET trust = 'certified', name = ?, role = ?, post_id = ?, post_code = ?, post_name = ?,"
        " certificate = ?, certificate_signature = ? WHERE id = ?",
        [
            certificate.name,
            certificate.role,
            certificate.post_id,
            certificate.post_code,
            certificate.post_name,
            data,
            signature,
            certificate.replica,
        ],
    )


def _insert(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes, trust: str) -> None:
    store.db.execute(
        "INSERT INTO local_replica (id, own, name, role, post_id, post_code, post_name, sign_key, age_key, trust,"
        " certificate, certificate_signature) VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            certificate.replica,
            certificate.name,
            certificate.role,
            certificate.post_id,
            certificate.post_code,
            certificate.post_name,
            certificate.sign_key,
            certificate.age_key,
            trust,
            data,
            signature,
        ],
    )


def _peer(row: Row) -> Peer:
    have = {log: Head(**head) for log, head in json.loads(row["have"] or "{}").items()}
    return Peer(
        **{
            k: row[k]
            for k in (
                "id",
                "name",
                "role",
                "trust",
                "post_id",
                "post_code",
                "post_name",
                "sign_key",
                "age_key",
                "certificate",
                "certificate_signature",
                "have_at",
            )
        },
        have=have,
    )
