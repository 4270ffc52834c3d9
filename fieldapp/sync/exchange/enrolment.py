"""Enrolment: makes new replicas, and certifies and revokes them.

Headquarters begins by itself. A post, and a further laptop of headquarters, begin from a pack that headquarters wrote.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from string import ascii_uppercase

import uuid_utils

from fieldapp.errors import FieldappError, FileRefused
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.records import naming, records, search_index
from fieldapp.store import disk, leftovers, people, vault, wall
from fieldapp.store.baseline import province_now, provinces
from fieldapp.store.people import Act
from fieldapp.store.store import WRITING, Row, Store, check_no_replica
from fieldapp.sync.exchange import bundle_contents, incoming, messages
from fieldapp.sync.format import bundle, clock, drives, keys, segment
from fieldapp.sync.format.bundle import Inspected
from fieldapp.sync.merge import authors, merge, revocation, segment_state
from fieldapp.sync.peers import logs, peers, practice, receipts, recovery
from fieldapp.sync.peers.peers import Peer
from fieldapp.vietnamese.text import clean, search_key

USUAL_PROVINCE = "66"


def init_hq(
    home: Path, *, name: str, user: str, passphrase: str, code: str = "SCH", province: str = USUAL_PROVINCE
) -> Store:
    """Make a headquarters in ``home``, with a recovery key and the reference data that the program ships."""
    _check_code(code)
    province = _province_code(province)
    with _new_replica(home, user, passphrase) as store:
        with store.transaction():
            own = keys.new_keys()
            certificate = _request(own, name=name, role="hq", code=code)
            peers.add_own(store, own, certificate, "certified")
            logs.begin_log(store, "*")
            for_recovery = keys.new_keys()
            store.set_setting(recovery.RECOVERY_RECIPIENT, for_recovery.age_key)
            store.set_setting(recovery.RECOVERY_IDENTITY, for_recovery.age_secret)
            store.set_setting(naming.PROVINCE, province)
        search_index.reindex(store)
    return store


def write_pack(store: Store, *, code: str, name: str | None = None, dest: Path, confirm: bool = False) -> Path:
    """Write the pack from which a post's laptops start into the folder ``dest``; enter the post if its code is new.

    Only a new code needs a ``name``. If a name is given for a known code, it must be that post's name, as people write
    it. Otherwise two posts that were given one code by mistake would be one post for ever. NeedsConfirmation where
    another post has the name, unless ``confirm``.

    The pack is signed, not encrypted: it holds no secret. The post compares headquarters' fingerprint by telephone.
    """
    _check_code(code)
    practice.check_code(store, code)
    practice.check_dest(store, dest)
    with _pack_folder(store, dest):
        # capital and small letters do not distinguish codes: two packs would have one name on a FAT stick
        post = store.row("SELECT * FROM post WHERE code = ? COLLATE NOCASE AND voided_at IS NULL", [code])
        if post is not None:
            code, post_id = post["code"], post["id"]
            if name is not None and search_key(name) != search_key(post["name"]):
                raise FieldappError(
                    _(
                        "The code {code} is that of {post}. No pack was written. For a further laptop of that post"
                        " leave --name out; another post takes another code; `fieldapp hq rename` renames one."
                    ).format(code=code, post=post["name"])
                )
        elif name is None or not clean(name):
            raise FieldappError(_("The code {code} is new: give the post's --name too.").format(code=code))
        else:
            post_id = records.save(
                store, "post", {"code": code, "name": name, "unit_id": _province(store)}, confirm=confirm
            )
        if not store.value("SELECT 1 FROM local_log WHERE own = 1 AND scope = ?", [post_id]):
            logs.begin_log(store, post_id)
    return _write_pack(store, dest / (code + bundle.PACK_SUFFIX), post_id)


def write_hq_pack(store: Store, *, dest: Path) -> Path:
    """Write a pack for headquarters into the folder ``dest``; like a post's it is signed, not encrypted.

    A further laptop of this headquarters starts from it, or a headquarters below this one joins with it.
    """
    with _pack_folder(store, dest):
        code = store.identity.post_code
    return _write_pack(store, dest / f"{code}-HQ{bundle.PACK_SUFFIX}", None)


@contextmanager
def _pack_folder(store: Store, dest: Path) -> Iterator[None]:
    if store.identity.role != "hq" or peers.own(store).trust != "certified":
        raise FieldappError(_("Only headquarters writes packs."))
    people.check(store, Act.CERTIFY)
    clock.check_day(store)
    drives.check_target(store.home, dest)
    leftovers.remember(store, dest)
    with store.transaction():
        yield
        segment.seal_open_changes(store)


def _write_pack(store: Store, target: Path, post_id: str | None) -> Path:
    contents = bundle_contents.contents_for_pack(store)
    manifest = bundle.with_post(
        bundle_contents.manifest_of(store, contents, 0), post_id, store.setting(recovery.RECOVERY_RECIPIENT)
    )
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    signature = keys.sign(secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    with drives.atomic_file(target) as file:
        bundle.write_tar(file, manifest, signature, bundle_contents.bundle_members(store, contents))
    return target


def init_post(home: Path, pack: Path, *, user: str, passphrase: str, laptop: str = peers.FIRST_LETTER) -> Store:
    """Make a post's replica in ``home`` from headquarters' pack; it can record at once."""
    disk.check_portable_name(clean(laptop))
    inspected = bundle.inspect(pack, None)
    post_id = inspected.manifest.post_id
    if post_id is None:
        raise FileRefused(
            bundle.WRONG_KIND,
            _("{name} is no pack for a post. Nothing was changed.").format(name=display_path(pack.name)),
        )

    def enter(store: Store) -> None:
        post = store.row("SELECT * FROM post WHERE id = ?", [post_id])
        if post is None:
            raise FileRefused(
                "incomplete",
                _("{name} is incomplete. Ask headquarters for a new pack.").format(name=display_path(pack.name)),
            )
        own = keys.new_keys()
        peers.add_own(store, own, _request(own, name=laptop, role="post", code=post["code"], post=post), "pending")
        logs.begin_log(store, post["id"])
        province = store.value("SELECT code FROM unit WHERE id = ?", [post["unit_id"]])
        store.set_setting(naming.PROVINCE, province or "")

    return _from_pack(home, inspected, user, passphrase, enter)


def init_further_hq(
    home: Path, pack: Path, *, user: str, passphrase: str, laptop: str | None = None, province: str | None = None
) -> Store:
    """Make a further laptop of a headquarters in ``home`` from its pack. ``province``: None for that of its posts.

    Once the first laptop has certified it, it writes and certifies just as that one does. The posts' records come with
    the first bundle. ``laptop``: its letter, which no laptop in the pack may have; by default the next free one.
    """
    inspected = bundle.inspect(pack, None)
    if inspected.manifest.post_id is not None:
        raise FileRefused(
            bundle.WRONG_KIND,
            _("{name} is no pack for headquarters. Nothing was changed.").format(name=display_path(pack.name)),
        )

    given = None if province is None else _province_code(province)

    def enter(store: Store) -> None:
        own, hq = keys.new_keys(), _root(inspected)[0]
        name = f"{hq.name} ({_free_letter(store, hq.post_code, laptop)})"
        peers.add_own(store, own, _request(own, name=name, role="hq", code=hq.post_code), "pending")
        logs.begin_log(store, "*")
        logs.begin_missing_logs(store)
        of_posts = store.value(
            "SELECT u.code FROM post p JOIN unit u ON u.id = p.unit_id AND u.level = 'province'"
            " WHERE p.voided_at IS NULL GROUP BY u.code ORDER BY count(*) DESC, u.code LIMIT 1"
        )
        store.set_setting(naming.PROVINCE, given or of_posts or USUAL_PROVINCE)

    return _from_pack(home, inspected, user, passphrase, enter)


def _free_letter(store: Store, code: str | None, wanted: str | None) -> str:
    taken = {search_key(p.letter) for p in peers.others(store) if p.role == "hq" and p.post_code == code}
    taken.add(search_key(peers.FIRST_LETTER))
    free: str = next(c for c in (*ascii_uppercase, str(len(taken) + 1)) if search_key(c) not in taken)
    chosen = clean(wanted or "") or free
    disk.check_portable_name(chosen)
    if search_key(chosen) in taken:
        sentence = _("Headquarters has a laptop {letter}. Nothing was changed; take another --laptop, such as {free}.")
        raise FieldappError(sentence.format(letter=chosen, free=free))
    return chosen


def _from_pack(home: Path, inspected: Inspected, user: str, passphrase: str, enter: Callable[[Store], None]) -> Store:
    """Make a replica that trusts the headquarters that signed a pack, and has its reference data.

    ``enter`` enters the replica itself, inside the transaction.
    """
    pack, manifest = inspected.path, inspected.manifest
    root = _root(inspected)
    with _new_replica(home, user, passphrase) as store:
        with store.transaction(applying=True):
            peers.add_root(store, *root)
            result = incoming.Imported(pack)
            incoming.receive(store, inspected, None, result)
            _check_signer(store, inspected)
            if not result.complete:
                raise FileRefused(
                    "incomplete",
                    messages.implausible_pack_text(store, display_path(pack.name))
                    or _("{name} is incomplete. Ask headquarters for a new pack.").format(name=display_path(pack.name)),
                )
            enter(store)
            receipts.record_receipt(store, manifest)
            clock.observe(store, manifest.hlc)
            if manifest.recovery:
                store.set_setting(recovery.RECOVERY_RECIPIENT, manifest.recovery)
        if manifest.recovery:
            store.seal_for_recovery(manifest.recovery)
            recovery.renew_code(store)
        search_index.reindex(store)
    return store


def _root(inspected: Inspected) -> tuple[keys.Certificate, bytes, bytes]:
    """The certificate in a pack that is its root of trust, with its bytes and its signature.

    It is that of the laptop that signed the pack. If a further laptop of headquarters signed it, it is that of the
    first laptop, which vouches for the further one.
    """
    sender, name = inspected.sender, display_path(inspected.path.name)
    roots = [c for c in inspected.certificates if c[0].is_request and c[0].replica == sender.issuer]
    if inspected.manifest.kind != "pack" or sender.role != "hq" or not roots or roots[0][0].role != "hq":
        raise FileRefused(bundle.WRONG_KIND, _("{name} is no pack. Nothing was changed.").format(name=name))
    certificate, data, signature = roots[0]
    if not keys.verify(certificate.sign_key, data, signature):
        raise FileRefused(bundle.FORGED, _not_by_headquarters(inspected))
    return roots[0]


def _check_signer(store: Store, inspected: Inspected) -> None:
    """Refuse a pack whose signer its root of trust has not certified; after its certificates were taken in.

    Otherwise anybody could sign a pack under the words of a headquarters, with a recovery key of their own.
    """
    signer = peers.get(store, inspected.sender.replica)
    if signer is None or signer.trust != "certified" or signer.sign_key != inspected.sender.sign_key:
        raise FileRefused(bundle.FORGED, _not_by_headquarters(inspected))


def _not_by_headquarters(inspected: Inspected) -> str:
    return _("{name} was not signed by the headquarters that it names: it is forged. Nothing was changed.").format(
        name=display_path(inspected.path.name)
    )


def join_headquarters(store: Store, pack: Path) -> Peer:
    """Let this headquarters report to the one above it that wrote ``pack``; returns that one.

    From then on ``export`` writes for it, too. All segments of our posts go there unchanged, so that it checks each
    signature itself.
    """
    inspected = bundle.inspect(pack, None)
    practice.check_practice_sender(store, inspected.sender, pack.name)
    above = _root(inspected)[0]
    me = peers.own(store)
    if me.role != "hq" or inspected.manifest.post_id is not None:
        raise FileRefused(
            bundle.WRONG_KIND,
            _("{name} is no pack for headquarters. Nothing was changed.").format(name=display_path(pack.name)),
        )
    if above.post_code == me.post_code:
        raise FieldappError(
            _("That headquarters has our own code {code}. Each needs a code of its own.").format(code=above.post_code)
        )
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        for certificate, data, signature in inspected.certificates:
            peers.take_certificate(store, certificate, data, signature)
        peer = peers.find_peer(store, above.replica)
        peers.certify(store, peer, above=True)
        result = incoming.Imported(pack)
        incoming.receive(store, inspected, None, result)
        _check_signer(store, inspected)
        receipts.record_receipt(store, inspected.manifest)
    search_index.index_imported(store)
    return peers.find_peer(store, above.replica)


def rename_post(store: Store, text: str, *, name: str, code: str | None = None) -> list[Peer]:
    """Give a post another name, and code if given; returns its laptops, which learn it with the next reply.

    A post that is merged into another keeps its records, its laptops and its history: it goes on as a part of the
    other, under the name that headquarters gives it.
    """
    _check_code(code or "X")
    if code:
        practice.check_code(store, code)
    with store.transaction():
        post_id = store.value("SELECT id FROM post WHERE ? IN (code, name, id) AND voided_at IS NULL", [text])
        if post_id is None:
            raise FieldappError(_("There is no post with the code {code}.").format(code=clean(text)))
        other = store.value(
            "SELECT name FROM post WHERE code = ? COLLATE NOCASE AND voided_at IS NULL AND id <> ?", [code, post_id]
        )
        if other is not None:
            raise FieldappError(
                _("The code {code} is that of {post}. Nothing was changed.").format(code=code, post=other)
            )
        records.save(store, "post", {"name": name, **({"code": code} if code else {})}, post_id)
        peers.renew_certificates(store, post_id)
    return [p for p in peers.others(store) if p.post_id == post_id and p.trust == "certified"]


def trust_replica(store: Store, text: str) -> tuple[Peer, int]:
    """Certify a replica, and apply what it sent before; returns it and how many changes were applied."""
    people.check(store, Act.CERTIFY)
    clock.check_day(store)
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        peer, could = peers.find_peer(store, text, peers.can_be_certified), authors.of_others(store)
        peers.certify(store, peer)
        peers.review_pending_certificates(store)
        revocation.release_quarantined(store)
        merge.refold(store, authors.rows_decided_anew(store, could))
        before = store.value("SELECT coalesce(sum(seq), 0) FROM local_log")
        segment_state.apply_held(store)
        segment_state.settle_forks(store)
        arrived = store.value("SELECT coalesce(sum(seq), 0) FROM local_log") - before
    search_index.index_imported(store)
    return peer, arrived


def revoke_replica(store: Store, text: str) -> Peer:
    """Revoke a laptop: its changes that are here stay valid, later ones are quarantined."""
    people.check(store, Act.CERTIFY)
    clock.check_day(store)
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        peer = peers.find_peer(store, text, None)
        revocation.sign_revocation(store, peer)
        return peer


def _province(store: Store) -> str:
    """Id of the unit that is headquarters' province today."""
    found: str = store.value(
        "SELECT id FROM unit WHERE level = 'province' AND code = ? AND valid_to IS NULL",
        [store.setting(naming.PROVINCE)],
    )
    return found


def _province_code(given: str) -> str:
    """The code of the province of today that is given by its code, with or without its zero, or by its name."""
    today, gone = provinces()

    def among(known: Mapping[str, str]) -> str | None:
        code = clean(given).zfill(2)
        named = (c for c, name in known.items() if naming.is_name("unit", given, name))
        return code if code in known else next(named, None)

    if (code := among(today)) is not None:
        return code
    if (old := among(gone)) is not None:
        new = province_now(old)
        raise FieldappError(
            _("{old} is a part of {new} ({code}) today. Nothing was made: give that code.").format(
                old=gone[old], new=today[new], code=new
            )
        )
    raise FieldappError(_("There is no province with the code {code}; 66 is one.").format(code=clean(given)))


def _check_code(code: str) -> None:
    """A code is part of file names on FAT sticks."""
    if not re.fullmatch("[A-Za-z0-9]{1,20}", code):
        raise FieldappError(_("A code is letters A–Z and digits, at most 20, such as IARVE."))
    disk.check_portable_name(code)


@contextmanager
def _new_replica(home: Path, user: str, passphrase: str) -> Iterator[Store]:
    """Make a replica whose first user is its administrator. A failure leaves no file, so that one can try again."""
    disk.check_folder(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with disk.alone(home / WRITING):
            yield from _begin(home, user, passphrase)
    except BaseException:
        if sys.platform == "win32":  # there a file goes only when nobody holds it, and until here this process did
            disk.try_remove(home / WRITING)
        raise


def _begin(home: Path, user: str, passphrase: str) -> Iterator[Store]:
    check_no_replica(home)
    with suppress(OSError):  # the folder may have been there before, and belong to somebody else
        home.chmod(0o700)
    vault.set_keys_aside(home)
    store = None
    try:
        key = vault.new_key()
        vault.seal_for_user(home, user, passphrase, key)
        store = Store.create(home, key, user)
        people.enter_first(store)
        yield store
    except BaseException:
        if store is not None:
            store.close()
        for path in [*home.glob("fieldapp.db*"), *(home / vault.KEYS_FOLDER).glob("*"), home / WRITING]:
            disk.try_remove(path)
        raise


def _request(own: keys.Keys, *, name: str, role: str, code: str, post: Row | None = None) -> keys.Certificate:
    replica = str(uuid_utils.uuid7())
    return keys.Certificate(
        format=keys.CERTIFICATE_FORMAT,
        replica=replica,
        name=clean(name) or code,
        role=role,
        sign_key=own.sign_key,
        age_key=own.age_key,
        issuer=replica,
        issued_at=wall.instant(),
        post_id=post["id"] if post else None,
        post_code=code,
        post_name=post["name"] if post else None,
    )
