"""Export to a stick: a bundle for each recipient, complete or not there."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, structs

from fieldapp.domain.amounts import format_amount
from fieldapp.errors import Cancelled, FieldappError
from fieldapp.escaping import for_terminal
from fieldapp.i18n import _, counted
from fieldapp.store import disk, leftovers, people, place, wall
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.people import Act
from fieldapp.store.store import WRITING, Store
from fieldapp.sync.exchange import bundle_contents, outgoing_files, status, sticks
from fieldapp.sync.exchange.bundle_contents import Inventory
from fieldapp.sync.format import agefile, bundle, clock, drives, keys, segment, tarball
from fieldapp.sync.format.bundle import Progress
from fieldapp.sync.peers import logs, peers, practice
from fieldapp.sync.peers.peers import Peer


class Exported(Struct, frozen=True):
    """A bundle that was written and read back."""

    path: Path
    recipient: str
    changes: int
    records: int
    size: int
    """bytes"""
    files: outgoing_files.SentFiles = outgoing_files.SentFiles()
    """the files of records that went along"""

    @property
    def sentence(self) -> str:
        """What was written, and what goes with the next stick."""
        written = _("{file} for {to}: {records}, {size} bytes, read back and compared.").format(
            file=self.path.name,
            to=self.recipient,
            records=counted("{n} record", "{n} records", self.records),
            size=format_amount(self.size),
        )
        return f"{written} {self.files.sentence}".rstrip()


def export(
    store: Store, dest: Path, to: str | None = None, progress: Progress | None = None, most: int | None = None
) -> list[Exported]:
    """Write a bundle for each recipient into the folder ``dest``: all that it has not acknowledged, and our receipt.

    When all bundles are there, files of records fill what room is left, up to ``most`` bytes (None: the setting).

    ``to`` names one recipient; otherwise a post writes for headquarters and its own other laptops, headquarters for
    every laptop that it certified and for the one above. A file is complete or not there, and the replica's state does
    not depend on it.
    """
    people.check(store, Act.EXPORT)
    drives.check_target(store.home, dest)
    practice.check_dest(store, dest)
    clock.check_day(store)
    leftovers.remember(store, dest)
    with disk.alone(store.home / WRITING):  # numbers and what a bundle holds are in one order
        return _export(store, dest, to, progress, most)


def _export(store: Store, dest: Path, to: str | None, progress: Progress | None, most: int | None) -> list[Exported]:
    with store.transaction():
        segment.seal_open_changes(store)
        sealed = logs.changes_written(store)
    inventory = bundle_contents.take_inventory(store)
    recipients = [peers.find_peer(store, to)] if to else peers.partners(store, inventory.others)
    if not recipients:
        raise FieldappError(
            _("Nobody to write for: no laptop is certified yet. Compare the fingerprint of one that came; certify it.")
        )
    done: list[Exported] = []
    try:
        for peer in recipients:
            done.append(export_to(store, dest, inventory, peer, progress))
    except Cancelled:
        for made in done:
            disk.try_remove(made.path)
        raise
    if any(p.role == "hq" for p in recipients):
        store.set_setting(status.EXPORTED_CHANGES, str(sealed))
        here = drives.on_one_disk(dest, store.home) and not place.volume(dest).removable
        here = here and not practice.is_practice(store)
        store.set_setting(status.LEFT_HERE, for_terminal(str(dest.resolve())) if here else "")  # to be shown
    return with_files(store, inventory, [*zip(recipients, done, strict=True)], progress, most)


def with_files(
    store: Store,
    inventory: Inventory,
    written: Sequence[tuple[Peer, Exported]],
    progress: Progress | None = None,
    most: int | None = None,
) -> list[Exported]:
    """Put the files of records beside bundles that are written, up to ``most`` bytes; the bundles with what went along.

    A post's export is followed by a backup for headquarters, for which room is kept.
    """
    kept = 0
    with suppress(OSError):  # pulled meanwhile: told below
        if store.role == "post" and written:
            kept = drives.backup_room(store.path, written[0][1].path.parent)
    room = outgoing_files.Room(store, most, kept)
    done = []
    for to, made in written:
        stem = made.path.name.removesuffix(bundle.BUNDLE_SUFFIX)
        sent = outgoing_files.write(store, inventory, to, made.path.parent, stem, room, progress)
        done.append(structs.replace(made, files=sent))
    return done


def export_to(store: Store, dest: Path, inventory: Inventory, to: Peer, progress: Progress | None = None) -> Exported:
    """Write one recipient's bundle into the folder ``dest``; own changes must be sealed already."""
    if to.trust != "certified":
        raise FieldappError(
            _("{name} is not certified. Compare its fingerprint, then `fieldapp hq trust {id}`.").format(
                name=to.title, id=to.id
            )
        )
    secret: bytes = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    contents = bundle_contents.contents_for_peer(store, inventory, to)
    number = int(store.setting("bundle_number", "0") or 0) + 1
    with drives.explaining_os_errors(dest):
        while (target := dest / _file_name(inventory.me, to, number)).exists():  # written by a copy of this disk
            number += 1
    manifest = bundle_contents.manifest_of(store, contents, number)
    signature = keys.sign(secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    done = written = 0

    def members() -> Iterator[tuple[str, bytes]]:
        nonlocal done
        for name, data in bundle_contents.bundle_members(store, contents):
            yield name, data
            done += 1
            if progress is not None:
                progress("write", done, len(manifest.members))

    def verified(size: int) -> None:
        nonlocal written
        written = size
        if progress is not None:
            progress("verify", size, 0)

    me = inventory.me
    archived = [me.age_key] if me.role == "hq" else []  # it can read them again: ``safety/archive.py``
    digest = hashlib.sha256()
    drives.check_space(dest, sum(m.size + tarball.BLOCK * 2 for m in manifest.members))
    with (
        drives.atomic_file(target, verified, new=True, also=digest.update) as file,
        agefile.encrypted(file, [to.age_key, *archived]) as plain,
    ):
        bundle.write_tar(plain, manifest, signature, members())
    try:
        with store.transaction():
            store.set_setting("bundle_number", str(number))
            sticks.record_written_bundle(store, target.name, to, number, digest.hexdigest(), contents.chosen)
    except DiskError:  # which says that nothing was done
        disk.try_remove(target)
        raise
    return Exported(
        path=target,
        recipient=to.title,
        changes=sum(s["last"] - s["first"] + 1 for s in contents.chosen),
        records=bundle_contents.records_in(store, contents.chosen),
        size=written,
    )


def lies_there(store: Store, dest: Path, inventory: Inventory, to: Peer) -> bool:
    """Whether a bundle of ours for a recipient lies whole in ``dest``, and a new one would say the same.

    All of it is compared but its number and its instant: changes, certificates, receipts, and what is asked for.
    """
    rows = store.rows("SELECT name, number FROM local_written WHERE recipient = ? ORDER BY number DESC", [to.id])
    last = next((row for row in rows if (dest / row["name"]).is_file()), None)
    if last is None or not sticks.is_own_bundle(store, dest / last["name"]):
        return False
    try:
        there = bundle.inspect(dest / last["name"], store.value("SELECT age_secret FROM local_replica WHERE own = 1"))
    except (FieldappError, OSError):
        return False
    new = bundle_contents.manifest_of(store, bundle_contents.contents_for_peer(store, inventory, to), last["number"])
    same = structs.replace(there.manifest, made_at=new.made_at, hlc=new.hlc) == new
    if not same or not outgoing_files.all_there(store, inventory, to, dest):
        return False
    with store.transaction():
        sticks.note_answered(store, to)
    return True


def _file_name(me: Peer, to: Peer, number: int) -> str:
    """A file name that FAT allows and that names the sender; if headquarters writes for a post, also the post."""
    who = name_prefix(me, to if me.role == "hq" and to.role == "post" else None)
    return f"{who}_{wall.now():%Y%m%dT%H%M%SZ}_{number}{bundle.BUNDLE_SUFFIX}"


def sender_of_name(name: str, known: Iterable[Peer]) -> Peer | None:
    """The replica that wrote a bundle, by the beginning of its file name; for bundles that cannot be read."""
    found = re.search("(?<![a-z0-9])([a-z0-9]+)(?:-[a-z0-9]+)?(_[0-9a-f]{4})_[0-9]", name.lower())
    return next((p for p in known if found and name_prefix(p) == found[1] + found[2]), None)


def name_prefix(sender: Peer, to: Peer | None = None) -> str:
    """The beginning of the file names of a sender's bundles."""
    code = f"{sender.post_code}-{to.post_code}" if to else f"{sender.post_code}"
    return f"{code.lower()}_{sender.id[-4:]}"
