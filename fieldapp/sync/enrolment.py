"""How replicas begin: headquarters by itself, a post from the pack that headquarters wrote for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uuid_utils

from fieldapp.domain.text import clean
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import lists, people, records, search, vault
from fieldapp.store.baseline import baseline_rows
from fieldapp.store.people import Act
from fieldapp.store.store import FILE, Row, Store, now
from fieldapp.sync import bundle, clock, drives, exchange, keys, peers, recovery, segment


def init_hq(home: Path, *, name: str, user: str, passphrase: str, code: str = "SCH", province: str = "66") -> Store:
    """Make a headquarters in ``home``, with a recovery key and the reference data that the program ships."""
    _check_code(code)
    if province not in _provinces():
        raise FieldappError(_("There is no province with the code {code}; 66 is one.").format(code=clean(province)))
    with _beginning(home, user, passphrase) as store:
        with store.transaction():
            own = keys.new_keys()
            certificate = _request(own, name=name, role="hq", code=code)
            peers.add_own(store, own, certificate)
            _own_log(store, "*", certificate.replica)
            for_recovery = keys.new_keys()
            store.set_setting(recovery.RECIPIENT, for_recovery.age_key)
            store.set_setting(recovery.IDENTITY, for_recovery.age_secret)
            store.set_setting(lists.PROVINCE, province)
        search.reindex(store)
    return store


def write_pack(store: Store, *, code: str, name: str, dest: Path) -> Path:
    """Enter a post, if it is not there yet, and write the pack from which its laptops start into the folder ``dest``.

    The pack is signed, not encrypted: it holds no secret. The post compares headquarters' fingerprint by telephone.
    """
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters writes packs."))
    people.check(store, Act.CERTIFY)
    _check_code(code)
    if not dest.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=dest))
    with store.transaction():
        post_id = store.value("SELECT id FROM post WHERE code = ? AND voided_at IS NULL", [code])
        if post_id is None:
            post_id = records.save(store, "post", {"code": code, "name": name, "unit_id": _province(store)})
        if not store.value("SELECT 1 FROM local_log WHERE own = 1 AND scope = ?", [post_id]):
            _own_log(store, post_id, store.identity.replica_id)
        segment.seal(store)
    chosen, members = exchange.pack_members(store)
    manifest = exchange.make_manifest(store, "pack", chosen, None, 0)
    manifest = bundle.with_post(manifest, post_id, store.setting(recovery.RECIPIENT))
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    signature = keys.sign(secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    target = dest / (code + bundle.PACK_SUFFIX)
    with drives.whole_file(target) as file:
        bundle.write(file, manifest, signature, members)
    return target


def init_post(home: Path, pack: Path, *, user: str, passphrase: str, laptop: str = "A") -> Store:
    """Make a post's replica in ``home`` from headquarters' pack; it can record at once."""
    inspected = bundle.inspect(pack, None)
    manifest = inspected.manifest
    hq = inspected.sender
    if manifest.kind != "pack" or manifest.post_id is None or hq.role != "hq" or not hq.is_request:
        raise FieldappError(_("{name} is no pack. Nothing was changed.").format(name=pack.name))
    with _beginning(home, user, passphrase) as store:
        with store.transaction(applying=True):
            peers.add_root(store, *inspected.certificates[0])
            result = exchange.Imported(pack)
            exchange.receive(store, inspected, None, result)
            post = store.row("SELECT * FROM post WHERE id = ?", [manifest.post_id])
            if not result.complete or post is None:
                raise FieldappError(_("{name} is incomplete. Ask headquarters for a new pack.").format(name=pack.name))
            own = keys.new_keys()
            certificate = _request(own, name=laptop, role="post", code=post["code"], post=post)
            peers.add_own(store, own, certificate)
            _own_log(store, post["id"], certificate.replica)
            peers.heard(store, manifest)
            province = store.value("SELECT code FROM unit WHERE id = ?", [post["unit_id"]])
            store.set_setting(lists.PROVINCE, province or "")
            clock.observe(store, manifest.hlc)
            if manifest.recovery:
                store.set_setting(recovery.RECIPIENT, manifest.recovery)
        if manifest.recovery:
            store.seal_for_recovery(manifest.recovery)
            recovery.renew_code(store)
        search.reindex(store)
    return store


def _provinces() -> set[str]:
    return {row["code"] for table, row in baseline_rows() if table == "unit" and row["level"] == "province"}


def _province(store: Store) -> str:
    """The unit of headquarters' province, in force now."""
    found: str = store.value(
        "SELECT id FROM unit WHERE level = 'province' AND code = ? AND valid_to IS NULL",
        [store.setting(lists.PROVINCE)],
    )
    return found


def _check_code(code: str) -> None:
    """A code is part of file names on FAT sticks."""
    if not re.fullmatch("[A-Za-z0-9]{1,20}", code):
        raise FieldappError(_("A code is letters A–Z and digits, at most 20, such as IARVE."))


@contextmanager
def _beginning(home: Path, user: str, passphrase: str) -> Iterator[Store]:
    """A new replica whose first user is its administrator. What fails leaves nothing, so that it can be tried again."""
    if (home / FILE).exists():
        raise FieldappError(_("There is a replica in {home} already. Nothing was changed.").format(home=home))
    vault.set_aside(home)
    store = None
    try:
        key = vault.new_key()
        vault.seal(home, user, passphrase, key)
        store = Store.create(home, key, user)
        people.enter_first(store)
        yield store
    except BaseException:
        if store is not None:
            store.close()
        for path in [*home.glob("fieldapp.db*"), *home.glob("fieldapp.part*"), *(home / vault.FOLDER).glob("*")]:
            path.unlink(missing_ok=True)
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
        issued_at=now(),
        post_id=post["id"] if post else None,
        post_code=code,
        post_name=post["name"] if post else None,
    )


def _own_log(store: Store, scope: str, replica_id: str) -> None:
    store.db.execute(
        "INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, ?, ?, 1, 0)",
        [str(uuid_utils.uuid7()), scope, replica_id],
    )
