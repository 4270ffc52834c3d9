"""The replicas that this one knows: their certificates, whether they are trusted, and what may be sent to them."""

import json
from collections.abc import Callable

from msgspec import Struct

from fieldapp.errors import FieldappError, FileRefused
from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, keys
from fieldapp.vietnamese.text import search_key

OTHER_KEYS = "other_keys"

FIRST_LETTER = "A"
"""The letter of the first laptop of a post or a headquarters"""


UNCONFIRMED = "unconfirmed"
"""Local setting at headquarters: JSON with the ids of the laptops about which a revoked laptop's word was taken over"""

_SELECT = (
    "SELECT r.*, coalesce(t.name, r.post_name) AS post_now, {namesakes} AS namesakes,"
    " (SELECT i.trust FROM local_replica i WHERE i.id = CAST(r.certificate AS TEXT) ->> '$.issuer') AS issuer_trust"
    " FROM local_replica r LEFT JOIN post t ON t.id = r.post_id WHERE"
)
"""With the post's name of today: the certificate of a laptop that is not certified may have an earlier name"""
_ONE = _SELECT.format(
    namesakes="(SELECT count(*) FROM local_replica o WHERE o.name = r.name AND o.post_id IS r.post_id)"
)
_MANY = f"SELECT * FROM ({_SELECT.format(namesakes='count(*) OVER (PARTITION BY r.name, r.post_id)')} true) WHERE"
"""The same for many replicas: one query counts the namesakes of all"""


class Peer(Struct, frozen=True):
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
    issuer: str
    """id of the replica that certified it; its own id if it requests a certificate or is a root of trust"""
    orphaned: bool
    """it is pending, and who certified it is revoked"""
    above: bool
    """a headquarters above ours"""
    shared: bool
    """another replica has the same post and name: for example a laptop that replaced a lost one"""

    @property
    def short_id(self) -> str:
        """The end of its id, as in the file names of its bundles."""
        return self.id[-4:]

    @property
    def plain_title(self) -> str:
        """The post's name, and the laptop's."""
        return f"{self.post_name} ({self.name})" if self.post_name else self.name

    @property
    def title(self) -> str:
        """Its name for people; with the end of its id if another replica has the same name."""
        if not self.shared:
            return self.plain_title
        return f"{self.post_name} ({self.called})" if self.post_name else f"{self.name} ({self.short_id})"

    @property
    def called(self) -> str:
        """The laptop's name within its post, with the end of its id as in ``title``."""
        return f"{self.name} · {self.short_id}" if self.shared else self.name

    @property
    def letter(self) -> str:
        """The laptop's letter within its post or headquarters; the first laptop has A."""
        if self.post_name:
            return self.name
        _name, bracket, letter = self.name.removesuffix(")").rpartition(" (")
        return letter if bracket and self.name.endswith(")") else FIRST_LETTER

    @property
    def fingerprint(self) -> str:
        """Its keys in words, to compare by telephone."""
        return keys.fingerprint(self.sign_key, self.age_key)


class Reader(Struct, frozen=True):
    """What may reach a peer."""

    everything: bool
    scopes: frozenset[str | None]
    hidden: frozenset[str]
    """ids of the headquarters whose logs are not for it: the other ones below ours"""

    def sees(self, scope: str, author: str) -> bool:
        """Whether the logs of an author in a scope may reach the peer."""
        if self.everything:
            return True
        return author not in self.hidden and (scope == "*" or scope in self.scopes)

    def knows(self, peer: Peer) -> bool:
        """Whether the peer may exchange with another replica, or may read what that one wrote."""
        return self.everything or (peer.id not in self.hidden if peer.role == "hq" else peer.post_id in self.scopes)


def own(store: Store) -> Peer:
    """This replica."""
    row = store.row(f"{_ONE} r.own = 1")
    assert row is not None
    return _peer(row)


def get(store: Store, replica_id: str) -> Peer | None:
    """A replica by its id, this one too."""
    row = store.row(f"{_ONE} r.id = ?", [replica_id])
    return _peer(row) if row else None


def others(store: Store) -> list[Peer]:
    """All others, by name."""
    return [_peer(r) for r in store.rows(f"{_MANY} own = 0 ORDER BY post_code, name, id")]


def roots(store: Store) -> list[Peer]:
    """The roots of trust among the others: the first laptop of the headquarters whose pack this replica began from."""
    return [peer for peer in others(store) if peer.trust == "certified" and peer.issuer == peer.id]


def reader_for(store: Store, to: Peer, known: list[Peer] | None = None) -> Reader:
    """What may reach a peer. ``known``: all ``others``, if the caller has them.

    Our own headquarters and any above it get everything. A headquarters below ours gets what its posts wrote. A post
    gets what is for all, and its own. Nothing passes from one province to another.
    """
    me = own(store)
    if to.role == "hq" and (me.role == "post" or to.above or to.post_code == me.post_code):
        return Reader(True, frozenset(), frozenset())
    known = others(store) if known is None else known
    below = [p for p in known if p.role == "hq" and me.role == "hq" and is_below(me, p)]
    scopes = [to.post_id]
    if to.role == "hq":
        code = {p.id: p.post_code for p in below}
        scopes = [p.post_id for p in known if p.role == "post" and code.get(p.issuer) == to.post_code]
    return Reader(False, frozenset(scopes), frozenset(p.id for p in below if p.post_code != to.post_code))


def is_below(me: Peer, headquarters: Peer) -> bool:
    """Whether a headquarters is below ours: neither above, nor another laptop of our own headquarters."""
    return not headquarters.above and headquarters.post_code != me.post_code


def awaits_certificate(me: Peer, peer: Peer) -> bool:
    """Whether a replica waits for our headquarters to certify it.

    Other pending replicas have a certificate already, and wait until its issuer is certified here.
    """
    return peer.trust == "pending" and (peer.issuer in (peer.id, me.id) or peer.orphaned)


def partners(store: Store, known: list[Peer] | None = None, *, asking: bool = False) -> list[Peer]:
    """The peers for which this replica writes bundles.

    A post writes for headquarters and for its own other laptops; headquarters for all that it certified itself and for
    the one above. ``known``: all ``others``, if the caller has them; ``asking``: also those that wait to be certified.
    """
    me = own(store)
    known = others(store) if known is None else known
    found = [p for p in known if p.trust == "certified"]
    if me.role == "post":
        found = [p for p in found if (p.role == "hq" and not p.above) or p.post_id == me.post_id]
    else:
        ours = {me.id} | {p.id for p in found if p.role == "hq" and p.post_code == me.post_code}
        found = [p for p in found if p.role == "hq" or p.issuer in ours]
    chosen = {p.id for p in found}
    return [p for p in known if p.id in chosen or (asking and awaits_certificate(me, p))]


def in_use(peer: Peer) -> bool:
    """Whether people may mean this replica when they name its post."""
    return peer.trust != "revoked"


def can_be_certified(peer: Peer) -> bool:
    """Whether people may mean this replica when they certify one."""
    return peer.trust == "pending"


def find_peer(store: Store, text: str, meant: Callable[[Peer], bool] | None = in_use) -> Peer:
    """Find the other replica that ``text`` names, as people write it; FieldappError if it names none or several.

    ``text`` is its title as the program prints it, or its post's code or name, also with the laptop's letter
    (``IARVE-B``), or its id, or at least four characters from the beginning or end of the id. A letter alone is enough
    only if no other replica has that letter, at any post. If a post has several laptops and exactly one of them fulfils
    ``meant``, that one is taken.
    """
    known = others(store)
    key, part = search_key(text), text.strip().lower()
    by_name = [p for p in known if key in _names(p)]
    found = [p for p in known if p in by_name or key == search_key(p.letter)]
    if not found and len(part) >= 4:
        found = [p for p in known if p.id.startswith(part) or p.id.endswith(part)]
    elif len(found) > 1 and meant is not None and found == by_name:
        likely = [p for p in found if meant(p)]
        found = likely if len(likely) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        raise FieldappError(_("No laptop is known by “{text}”. `fieldapp hq replicas` lists them.").format(text=text))
    raise FieldappError(
        _("“{text}” names several laptops. Write instead {ids}.").format(
            text=text, ids="; ".join(f"{_distinct(p, known)} = {p.plain_title}, {_(p.trust)}" for p in found)
        )
    )


def _names(peer: Peer) -> set[str]:
    """All texts that name a replica, as search keys; without its letter alone and its id."""
    codes = [peer.post_code or "", f"{peer.post_code} {peer.letter}"]
    return {search_key(t) for t in (*codes, peer.post_name or peer.name, peer.plain_title, peer.title)} - {""}


def _distinct(peer: Peer, known: list[Peer]) -> str:
    """The end of a replica's id, long enough to name no other."""
    ends = (peer.id[-n:] for n in range(4, len(peer.id)))
    return next((end for end in ends if sum(p.id.endswith(end) for p in known) == 1), peer.id)


def namesakes(store: Store, peer: Peer) -> list[str]:
    """A sentence for each other replica with the same name as this one, so that people certify the right one."""
    same = [p for p in others(store) if p.plain_title == peer.plain_title and p.id != peer.id] if peer.shared else []
    sentence = _("Another laptop is called {name} too: {id}, {trust}. This one is {own}.")
    return [sentence.format(name=peer.plain_title, id=p.short_id, trust=_(p.trust), own=peer.short_id) for p in same]


def add_own(store: Store, own_keys: keys.Keys, certificate: keys.Certificate, trust: str) -> None:
    """Enter this replica, with its secrets; inside a transaction.

    ``trust``: the first laptop of a headquarters trusts itself (``certified``), every other one waits (``pending``).
    """
    data = keys.encode_certificate(certificate)
    _insert(store, certificate, data, keys.sign(own_keys.sign_secret, data, "fieldapp certificate"), trust)
    store.db.execute(
        "UPDATE local_replica SET own = 1, sign_secret = ?, age_secret = ? WHERE id = ?",
        [own_keys.sign_secret, own_keys.age_secret, certificate.replica],
    )


def add_root(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """Trust the headquarters whose pack this replica starts from; inside a transaction."""
    _insert(store, certificate, data, signature, "certified")


def take_certificate(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """Take in a certificate from a bundle, as far as its signature allows; inside a transaction.

    A certificate by a certified headquarters certifies the replica, also a second time. A request of an unknown replica
    is kept as pending. So is a certificate whose issuer is not certified yet. A certificate with other keys for a
    replica that is already certified is ignored: the known keys are kept; so is one with another role or post. A
    certificate by another replica for a root of trust is ignored too. So is one with an implausible clock reading:
    headquarters issues it again.
    """
    known = get(store, certificate.replica)
    same_keys = known is None or (known.sign_key, known.age_key) == (certificate.sign_key, certificate.age_key)
    if certificate.is_request:
        if known is None and keys.verify(certificate.sign_key, data, signature):
            _insert(store, certificate, data, signature, "pending")
        return
    if known is not None and known.trust != "pending":
        is_root = known.issuer == known.id
        same = same_keys and (known.role, known.post_id) == (certificate.role, certificate.post_id)
        if is_root or not same or not counts_now(store, certificate.issuer, known, certificate.hlc):
            return
    issuer = get(store, certificate.issuer)
    if issuer is None or issuer.role != "hq" or issuer.trust != "certified":
        if known is None:
            _insert(store, certificate, data, signature, "pending")
        return
    if not keys.verify(issuer.sign_key, data, signature) or not _may_certify(store, issuer, certificate, known):
        return
    if known is None:
        _insert(store, certificate, data, signature, "certified")
        return
    if not same_keys:  # the keys that came first were not certified
        if known.id == own(store).id:
            return
        store.db.execute(
            "UPDATE local_replica SET sign_key = ?, age_key = ? WHERE id = ?",
            [certificate.sign_key, certificate.age_key, certificate.replica],
        )
    _store_certificate(store, certificate, data, signature)


def review_pending_certificates(store: Store) -> None:
    """Check again the certificates that came before their issuer was certified; inside a transaction."""
    found = True
    while found:
        found = False
        for row in store.rows(
            f"{_MANY} own = 0 AND trust = 'pending'"
            " AND CAST(certificate AS TEXT) ->> '$.issuer' <> id ORDER BY post_code, name, id"
        ):
            peer = _peer(row)
            certificate = keys.decode_certificate(peer.certificate)
            if certificate is not None and not certificate.is_request:
                take_certificate(store, certificate, peer.certificate, peer.certificate_signature)
                trust = store.value("SELECT trust FROM local_replica WHERE id = ?", [peer.id])
                found = found or trust == "certified"


def issuer_of_statement(store: Store, peer: Peer) -> str:
    """Id of the replica whose certificate or revocation of a peer counts now."""
    paper = store.value("SELECT paper FROM local_revocation WHERE replica_id = ?", [peer.id])
    revoked = keys.decode_revocation(paper) if paper is not None else None
    return revoked.issuer if revoked is not None else peer.issuer


def may_speak(store: Store, issuer_id: str, peer: Peer) -> bool:
    """Whether a replica's word about a peer can take the place of the one that counts now.

    About a laptop of headquarters, only that of the one who spoke last, and of those above it: who certified it, who
    certified that one, up to the root. Otherwise two laptops of one headquarters could revoke each other, and a revoked
    one be certified again by a laptop that it has certified itself.
    """
    if peer.role != "hq" or peer.trust == "pending":
        return True
    return issuer_id in _issuers(store, issuer_of_statement(store, peer))


def counts_now(store: Store, issuer_id: str, peer: Peer, hlc: int) -> bool:
    """Whether a certificate or revocation of a peer takes the place of the one that counts now.

    The later one counts. About a laptop of headquarters, a word from above counts whatever its reading: a stolen laptop
    may have set its clock years ahead.
    """
    if not clock.is_plausible(hlc) or not may_speak(store, issuer_id, peer):
        return False
    if peer.role == "hq" and peer.trust != "pending" and issuer_id != issuer_of_statement(store, peer):
        return True
    return newest_statement(store, peer) < hlc


def reading_of_statement(store: Store, peer: Peer) -> int:
    """A clock reading for a new certificate or revocation: after all that are known of the peer; inside a transaction.

    Our own clock does not follow: the reading of a stolen laptop's word may be years ahead.
    """
    return max(clock.tick(store), newest_statement(store, peer) + 1)


def _issuers(store: Store, replica_id: str) -> list[str]:
    """A replica, the one that certified it, the one that certified that one, up to the root."""
    found: list[str] = []
    while replica_id not in found:
        found.append(replica_id)
        peer = get(store, replica_id)
        replica_id = peer.issuer if peer is not None else replica_id
    return found


def founded(store: Store) -> set[str]:
    """The certified replicas whose certificate leads to a root of trust over certified laptops of headquarters."""
    issued: dict[str, list[Row]] = {}
    for row in store.rows(
        "SELECT id, role, CAST(certificate AS TEXT) ->> '$.issuer' AS issuer FROM local_replica"
        " WHERE trust = 'certified'"
    ):
        issued.setdefault(row["issuer"], []).append(row)
    roots = [row["id"] for issuer, rows in issued.items() for row in rows if row["id"] == issuer]
    found, todo = set(roots), roots
    while todo:
        new = [row for issuer in todo for row in issued.get(issuer, []) if row["id"] not in found]
        found.update(row["id"] for row in new)
        todo = [row["id"] for row in new if row["role"] == "hq"]
    return found


def unconfirmed(store: Store) -> list[str]:
    """At headquarters: ids of the laptops about which a revoked laptop's word was taken over, and nobody was asked."""
    found: list[str] = json.loads(store.setting(UNCONFIRMED) or "[]")
    return found


def to_confirm(store: Store, known: list[Peer]) -> list[Peer]:
    """The same, as peers; ``known``: all ``others``."""
    ids = unconfirmed(store)
    return [peer for peer in known if peer.id in ids]


def confirm(store: Store, peer: Peer) -> None:
    """A person has decided about a laptop; inside a transaction."""
    left = [replica_id for replica_id in unconfirmed(store) if replica_id != peer.id]
    if store.setting(UNCONFIRMED) is not None:
        store.set_setting(UNCONFIRMED, json.dumps(left))


def newest_statement(store: Store, peer: Peer) -> int:
    """The clock reading of the newest certificate or revocation of a replica; implausible ones count as 0."""
    certificate = keys.decode_certificate(peer.certificate)
    revoked = store.value("SELECT hlc FROM local_revocation WHERE replica_id = ?", [peer.id])
    return max(hlc if clock.is_plausible(hlc) else 0 for hlc in (certificate.hlc if certificate else 0, revoked or 0))


def _may_certify(store: Store, issuer: Peer, certificate: keys.Certificate, known: Peer | None) -> bool:
    """Whether a headquarters may issue this certificate.

    No headquarters may certify a laptop that another one certified. A headquarters below ours may certify only its own
    laptops, and those of posts for which no other headquarters has certified a laptop.
    """
    if not store.value("SELECT 1 FROM local_replica WHERE own = 1"):
        return True  # a new replica reads its pack: whoever signed the pack vouches for all certificates in it
    me = own(store)
    code = {r["id"]: r["post_code"] for r in store.rows("SELECT id, post_code FROM local_replica WHERE role = 'hq'")}
    if known is not None and known.trust != "pending" and code.get(known.issuer) != issuer.post_code:
        return False
    if me.role == "post" or not is_below(me, issuer):
        return True
    if certificate.role == "hq":
        return certificate.post_code == issuer.post_code and not certificate.above
    rows = store.rows(f"{_MANY} post_id = ? AND trust <> 'pending'", [certificate.post_id])
    return all(code.get(_peer(row).issuer) == issuer.post_code for row in rows)


def certify(store: Store, peer: Peer, *, above: bool = False) -> None:
    """Certify a replica whose fingerprint was compared, also one that was revoked; inside a transaction.

    Headquarters only. ``above``: it is a headquarters above ours.
    """
    if peer.trust == "certified" and peer.id in unconfirmed(store):
        confirm(store, peer)
        return
    if peer.trust == "certified":
        raise FieldappError(_("{name} is certified already.").format(name=peer.title))
    check_may_speak(store, peer)
    _issue(store, peer, above=above)
    confirm(store, peer)


def check_may_speak(store: Store, peer: Peer) -> None:
    """Refuse what only the laptop that certified another one of headquarters, or one above it, may say about it."""
    if may_speak(store, own(store).id, peer):
        return
    spoke = get(store, issuer_of_statement(store, peer))
    raise FieldappError(
        _("{name} is a laptop of headquarters: only {by} decides about it. Nothing was changed.").format(
            name=peer.title, by=spoke.title if spoke is not None else peer.short_id
        )
    )


def renew_certificates(store: Store, post_id: str) -> None:
    """Certify the laptops of a post again, with the post's current code and name; inside a transaction.

    Those that another headquarters certified stay its own: it renews them itself.
    """
    known, me = others(store), own(store)
    ours = {me.id} | {p.id for p in known if p.role == "hq" and p.post_code == me.post_code}
    for peer in known:
        if peer.post_id == post_id and peer.trust == "certified" and peer.issuer in ours:
            _issue(store, peer)


def renew_certificates_of(store: Store, issuer: Peer) -> list[str]:
    """Certify again all replicas that ``issuer`` certified; returns their ids. Inside a transaction.

    ``issuer`` is another laptop of our headquarters that is no longer trusted.
    """
    found = [p for p in others(store) if p.issuer == issuer.id and p.id != issuer.id and p.trust == "certified"]
    for peer in found:
        _issue(store, peer, above=peer.above)
    return [peer.id for peer in found]


def issue_again(store: Store, peer: Peer) -> None:
    """Certify a replica again, as it is; inside a transaction."""
    _issue(store, peer, above=peer.above)


def _issue(store: Store, peer: Peer, *, above: bool = False) -> None:
    me = own(store)
    if me.role != "hq" or me.trust != "certified":
        raise FieldappError(_("Only headquarters certifies laptops."))
    request = keys.decode_certificate(peer.certificate)
    assert request is not None
    code, name = request.post_code, request.post_name
    if request.role == "post":
        post = store.row("SELECT code, name FROM post WHERE id = ?", [request.post_id])
        if post is None or (peer.trust == "pending" and post["code"] != request.post_code):
            raise FieldappError(_("{name} claims a post that is not one of ours.").format(name=peer.title))
        code, name = post["code"], post["name"]
    certificate = keys.Certificate(
        format=request.format,
        replica=request.replica,
        name=request.name,
        role=request.role,
        sign_key=request.sign_key,
        age_key=request.age_key,
        issuer=me.id,
        issued_at=wall.instant(),
        post_id=request.post_id,
        post_code=code,
        post_name=name,
        hlc=reading_of_statement(store, peer),
        above=above,
    )
    data = keys.encode_certificate(certificate)
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    _store_certificate(store, certificate, data, keys.sign(secret, data, "fieldapp certificate"))


def check_sender_keys(store: Store, certificate: keys.Certificate, name: str) -> None:
    """Refuse a bundle in the name of a replica that is known to have other keys."""
    known = store.row("SELECT sign_key, age_key FROM local_replica WHERE id = ? AND own = 0", [certificate.replica])
    if known is not None and (known["sign_key"], known["age_key"]) != (certificate.sign_key, certificate.age_key):
        raise FileRefused(
            OTHER_KEYS,
            _("{name} claims a sender who has other keys: it is forged. Nothing was changed.").format(name=name),
        )


def _store_certificate(store: Store, certificate: keys.Certificate, data: bytes, signature: bytes) -> None:
    """Store a certificate in place of earlier certificates, requests and revocations of the replica."""
    store.db.execute("DELETE FROM local_revocation WHERE replica_id = ?", [certificate.replica])
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
    certificate = keys.stored_certificate(row["certificate"])
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
                "sign_key",
                "age_key",
                "certificate",
                "certificate_signature",
            )
        },
        post_name=row["post_now"],
        issuer=certificate.issuer if certificate else row["id"],
        orphaned=row["trust"] == "pending" and row["issuer_trust"] == "revoked",
        above=certificate is not None and certificate.above,
        shared=row["namesakes"] > 1,
    )
