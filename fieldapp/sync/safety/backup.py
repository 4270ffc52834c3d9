"""Backups: write the whole replica into one file, while the program runs; and restore it.

    backup = tar( backup.json, fieldapp.db, keys/… )        <code>_<replica>_<UTC>.fieldapp-backup.tar

The database in it is a consistent copy, encrypted with the same key. The key files are those beside the database, so
the passphrases of that day open it. On a stick the backup is sealed once more, to headquarters' recovery key: somebody
who finds the stick cannot even try passphrases. There the database is packed small (``packing.py``), in the second
format, which versions before 0.3 refuse with a sentence; everywhere else the first one is written, which they restore.

The files of records lie beside the backups, in a folder of their own, ``<code>_<replica>.fieldapp-backup-files``:
sealed as they are in the workspace, each once, however many backups are there. A backup adds those that are new. The
automatic backups lie in the workspace, whose own files are taken when one of them is restored. A backup on a stick has
none: they go to headquarters beside the bundles.

A restored replica begins a new log. Changes that it wrote after the backup, and that headquarters has, come back in
headquarters' reply.
"""

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, cast

import msgspec
import pyrage

import fieldapp
from fieldapp.domain.amounts import format_amount
from fieldapp.errors import FieldappError, os_error_text, reason_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import blobs, disk, disk_errors, leftovers, people, vault, wall
from fieldapp.store.connection import CannotOpen, DatabaseError
from fieldapp.store.migrations import schema_version
from fieldapp.store.people import Act
from fieldapp.store.store import BACKUP_FOLDER, FILE, FILES_FOLDER, WRITING, Identity, Store, check_no_replica
from fieldapp.sync.format import agefile, drives
from fieldapp.sync.merge import forks
from fieldapp.sync.peers import recovery
from fieldapp.sync.safety import packing

BACKUP_FORMAT, PACKED_FORMAT = "fieldapp-backup/1", "fieldapp-backup/2"
BACKUP_SUFFIX = ".fieldapp-backup.tar"
FILES_SUFFIX = ".fieldapp-backup-files"
SEALED_SUFFIX = BACKUP_SUFFIX + ".age"
BACKUP_MANIFEST = "backup.json"
MAX_MANIFEST = 1 << 20
MAX_KEY_FILE = 1 << 16

DAYS, WEEKS = 3, 4
"""The automatic backups that are kept: those of the newest days, and the newest of each of the newest weeks"""
ROOM_FACTOR = 3
"""An automatic backup is written only if this many times the size of the database is free"""
STICK_SETTING = "stick_backup"
"""Local setting: ``off`` if no backup goes onto the stick with an export"""


class _Member(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str


class _Manifest(msgspec.Struct, frozen=True):
    format: str
    replica: str
    code: str
    made_at: str
    program: str
    schema: int
    members: list[_Member]


@dataclass(frozen=True)
class Backup:
    """A backup that was written, and read back."""

    path: Path
    size: int
    """bytes"""
    files: int = 0
    """files of records that were added beside it"""
    files_left: int = 0
    """those that are not there: there was no room for them, or they could not be written"""


# writing --------------------------------------------------------------------------------------------------------


def write_backup(store: Store, folder: Path) -> Backup:
    """Write a backup into ``folder``, complete or not there; others may record meanwhile."""
    people.check(store, Act.BACKUP)
    if not folder.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=folder))
    leftovers.remember(store, folder)
    with disk.alone(store.home / WRITING):
        made = _write(store, _new_path(store, folder))
        added, left = _add_files(store, folder)
        return replace(made, files=added, files_left=left)


def _add_files(store: Store, folder: Path) -> tuple[int, int]:
    """Copy the sealed files that are not there yet beside the backups in a folder, each whole or not there.

    How many, and how many could not be copied: the records are safe already. The workspace's own folder of backups
    needs none.
    """
    own = store.home / BACKUP_FOLDER
    if own.is_dir() and folder.samefile(own):
        return 0, 0
    there = folder / f"{_name(store)}{FILES_SUFFIX}"
    new = [
        (path, there / path.parent.name / path.name)
        for path in blobs.sealed_files(store.home)
        if not (there / path.parent.name / path.name).is_file()
    ]
    added = 0
    for path, target in new:
        with suppress(FieldappError, OSError):
            data = path.read_bytes()
            if drives.free_space(folder) < len(data) + drives.RESERVE:
                continue
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with drives.atomic_file(target) as file:
                file.write(data)
            added += 1
    return added, len(new) - added


def daily_backup(store: Store) -> Backup | None:
    """Write today's automatic backup, unless there is one already or too little space, and delete old ones."""
    folder = store.home / BACKUP_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    today = wall.today()
    with disk.alone(store.home / WRITING):
        if any(_day(path) == today for path in automatic_backups(store.home)):
            return None
        if drives.free_space(folder) < ROOM_FACTOR * store.path.stat().st_size:
            return None
        made = _write(store, _new_path(store, folder))
        kept = _kept([day for path in automatic_backups(store.home) if (day := _day(path))])
        for path in automatic_backups(store.home):
            if path != made.path and _day(path) not in kept:
                disk.try_remove(path)
        return made


def automatic_backups(home: Path) -> list[Path]:
    """The automatic backups of a workspace, newest first."""
    return sorted(
        (p for p in (home / BACKUP_FOLDER).glob("*" + BACKUP_SUFFIX) if _day(p)),
        key=lambda p: p.name[-36:],
        reverse=True,
    )


def backup_with_export(store: Store, folder: Path) -> str:
    """Put a backup beside an export, and return a sentence about it; empty if none was written. Never fails."""
    try:
        made = backup_to_stick(store, folder)
    except (FieldappError, OSError) as error:
        return _("The backup was not written, the bundle was: {why}").format(why=reason_text(error))
    if made is None:
        return ""
    return _("{file}: backup for headquarters, {size} bytes, read back and compared.").format(
        file=made.path.name, size=format_amount(made.size)
    )


def backup_to_stick(store: Store, folder: Path) -> Backup | None:
    """Put a backup that only headquarters can open beside an export; it replaces the previous one.

    None if there is no key to seal it to, or at headquarters (nobody above could open it), if such backups are switched
    off, or if it is too large or the stick too full: a backup must not make an export fail.
    """
    to = store.setting(recovery.RECOVERY_RECIPIENT)
    if store.identity.role != "post" or to is None or store.setting(STICK_SETTING) == "off":
        return None
    if not drives.backup_room(store.path, folder):
        return None
    target = folder / f"{_name(store)}{SEALED_SUFFIX}"
    leftovers.remember(store, folder)
    with disk.alone(store.home / WRITING), disk.begun(store.home) as plain:
        _write(store, plain, packed=True)
        with plain.open("rb") as source, drives.atomic_file(target) as file, agefile.encrypted(file, [to]) as sealed:
            shutil.copyfileobj(source, sealed, drives.CHUNK)
    return Backup(target, target.stat().st_size)


def open_sealed_backup(store: Store, path: Path, dest: Path) -> Path:
    """At headquarters: unseal a backup from a stick into the folder ``dest``, so that the post can restore it.

    The passphrases in it stay the same. Returns the path of the unsealed backup.
    """
    people.check(store, Act.RECOVER)
    secret = store.setting(recovery.RECOVERY_IDENTITY)
    if secret is None:
        raise FieldappError(_("Only headquarters opens a laptop again."))
    target = dest / path.name.removesuffix(".age")
    try:
        with path.open("rb") as source, drives.atomic_file(target) as file:
            if not agefile.has_age_header(source):
                raise pyrage.DecryptError("no age file")
            pyrage.decrypt_io(source, file, [pyrage.x25519.Identity.from_str(secret)])
    except (pyrage.DecryptError, FileNotFoundError) as error:
        raise FieldappError(
            _("{name} is no backup of a laptop of ours, or is damaged.").format(name=display_path(path.name))
        ) from error
    return target


def _write(store: Store, target: Path, *, packed: bool = False) -> Backup:
    """Copy the database (consistent, and encrypted with the same key), or pack it, then write the tar.

    Where the disk of the workspace has no room for the copy, it is made beside the backup.
    """
    size = store.path.stat().st_size
    there = store.home if drives.free_space(store.home) >= 2 * size + drives.RESERVE else target.parent
    drives.check_own_space(target.parent, size if there == store.home else 2 * size)
    with _snapshot(store, there, packed) as copy:
        files = [(FILE, copy), *((f"{vault.KEYS_FOLDER}/{p.name}", p) for p in _key_files(store.home))]
        manifest = _Manifest(
            PACKED_FORMAT if packed else BACKUP_FORMAT,
            store.identity.replica_id,
            store.identity.post_code or "",
            wall.instant(),
            fieldapp.__version__,
            schema_version(),
            [_Member(name, path.stat().st_size, _sha256(path)) for name, path in files],
        )
        encoded = msgspec.json.encode(manifest)
        with (
            drives.atomic_file(target, new=True) as file,
            tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT) as tar,
        ):
            tar.addfile(_info(BACKUP_MANIFEST, len(encoded)), io.BytesIO(encoded))
            for name, path in files:
                with path.open("rb") as source:
                    tar.addfile(_info(name, path.stat().st_size), source)
    with suppress(OSError):  # FAT has no permissions
        target.chmod(0o600)
    return Backup(target, target.stat().st_size)


@contextmanager
def _snapshot(store: Store, there: Path, packed: bool) -> Iterator[Path]:
    with disk.begun(there) as path:
        path.touch(0o600)  # empty, as VACUUM INTO allows
        try:
            if packed:
                packing.pack(store.db, path, store.key)
            else:
                store.db.copy_into(path)
        except DatabaseError as error:
            raise disk_errors.disk_error_text(error, there) or error from error
        yield path


def _key_files(home: Path) -> list[Path]:
    return sorted(p for p in (home / vault.KEYS_FOLDER).iterdir() if vault.KEY_FILE.fullmatch(p.name))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    return info


def _name(store: Store) -> str:
    who = store.identity
    return f"{who.post_code or 'x'}_{who.replica_id[-4:]}".lower()


def _new_path(store: Store, folder: Path) -> Path:
    """The path of a backup of now; of the next second where there is one of this second already."""
    at = wall.now()
    while True:
        path = folder / f"{_name(store)}_{at:%Y%m%dT%H%M%SZ}{BACKUP_SUFFIX}"
        if not path.exists():
            return path
        at += timedelta(seconds=1)


def _day(path: Path) -> date | None:
    """The day here on which a backup was made, by the instant in its name."""
    try:
        made = datetime.strptime(path.name.removesuffix(BACKUP_SUFFIX)[-16:], "%Y%m%dT%H%M%SZ")
    except ValueError:
        return None
    return wall.local_day(made.replace(tzinfo=UTC))


def _kept(days: Sequence[date]) -> set[date]:
    """The days to keep: the newest ones, and the newest day of each of the newest weeks."""
    newest = sorted(set(days), reverse=True)
    weeks: dict[date, date] = {}
    for day in newest:
        weeks.setdefault(day - timedelta(day.weekday()), day)
    return {*newest[:DAYS], *list(weeks.values())[:WEEKS]}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# restoring ------------------------------------------------------------------------------------------------------


def restore_backup(path: Path, home: Path, user: str, passphrase: str) -> Identity:
    """Restore a backup into ``home``, where no replica may be; returns the replica's identity.

    ``passphrase`` is that of ``user`` on the day of the backup. Sizes, hashes, the passphrase and each page of the
    database are checked before anything is put in its place. The replica begins a new log, and gets a new recovery
    code.
    """
    check_no_replica(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    with disk.begun(home.parent) as made:
        made.mkdir(0o700)
        return _restore(path, made, home, user, passphrase)


def _restore(path: Path, made: Path, home: Path, user: str, passphrase: str) -> Identity:
    try:
        drives.check_own_space(made, path.stat().st_size)
        if _unpack(path, made).format == PACKED_FORMAT:
            _unpack_database(path, made, vault.unseal(made, user, passphrase))
        with Store.unlock(made, user, passphrase) as store:
            _check(store, path)
            forks.begin_new_logs(store)
            if store.setting(recovery.RECOVERY_RECIPIENT):
                recovery.renew_code(store)
            who = store.identity
            _restore_files(path, made, f"{_name(store)}{FILES_SUFFIX}")
            store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _put(made, home)
    except OSError as error:
        raise disk_errors.disk_error_text(error) or FieldappError(
            _("{path} cannot be read: {why}.").format(path=display_path(path.name), why=os_error_text(error))
        ) from error
    return who


def _restore_files(path: Path, made: Path, beside: str) -> None:
    """Copy the files of records that lie in the folder ``beside`` a backup, or in the workspace of an automatic one.

    What is in neither, or cannot be read, is asked for by the next bundle: a bad sector costs one photograph, not the
    records. Each is checked when it is read.
    """
    found = {p.name: p for p in blobs.sealed_in(path.parent / beside)}
    if path.parent.name == BACKUP_FOLDER:
        found |= {p.name: p for p in blobs.sealed_files(path.parent.parent)}
    for name, sealed in found.items():
        try:
            data = sealed.read_bytes()
        except OSError:
            continue
        target = made / FILES_FOLDER / name[:2] / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.write_new(target, data, 0o600)


def _unpack_database(path: Path, folder: Path, key: bytes) -> None:
    """Put the whole database in place of the packed one."""
    with disk.begun(folder) as whole:
        try:
            packing.unpack(folder / FILE, whole, key)
        except (packing.NotPacked, CannotOpen) as error:
            raise _no_backup(path) from error
        disk.remove(folder / FILE)
        disk.rename(whole, folder / FILE)


def _unpack(path: Path, folder: Path) -> _Manifest:
    """Extract the files that the manifest lists, and no others; check the size and hash of each."""
    try:
        with path.open("rb") as source, tarfile.open(fileobj=source, mode="r|") as tar:
            first = tar.next()
            if first is None or first.name != BACKUP_MANIFEST or first.size > MAX_MANIFEST or not first.isreg():
                raise _no_backup(path)
            listed = _manifest(path, cast(IO[bytes], tar.extractfile(first)).read())
            for member in listed.members:
                info = tar.next()
                if info is None or not info.isreg() or (info.name, info.size) != (member.name, member.size):
                    raise _no_backup(path)
                target = folder / member.name
                target.parent.mkdir(mode=0o700, exist_ok=True)
                with os.fdopen(os.open(target, disk.NEW_FILE, 0o600), "wb") as out:
                    shutil.copyfileobj(cast(IO[bytes], tar.extractfile(info)), out, drives.CHUNK)
                    out.flush()
                    os.fsync(out.fileno())
                if _sha256(target) != member.sha256:
                    raise _no_backup(path)
            return listed
    except (tarfile.TarError, EOFError, RecursionError) as error:
        raise _no_backup(path) from error


def _manifest(path: Path, data: bytes) -> _Manifest:
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _no_backup(path) from None
    if manifest.format not in (BACKUP_FORMAT, PACKED_FORMAT) or manifest.schema > schema_version():
        raise FieldappError(
            _("This backup was made by a newer version ({format}). Upgrade this program first.").format(
                format=manifest.program[:40]
            )
        )
    names = [member.name for member in manifest.members]
    keys = [name.removeprefix(vault.KEYS_FOLDER + "/") for name in names if name != FILE]
    sound = all(vault.KEY_FILE.fullmatch(key) and f"{vault.KEYS_FOLDER}/{key}" in names for key in keys)
    if FILE not in names or len(set(names)) != len(names) or not sound:
        raise _no_backup(path)
    if any(m.size > MAX_KEY_FILE for m in manifest.members if m.name != FILE):
        raise _no_backup(path)
    return manifest


def _no_backup(path: Path) -> FieldappError:
    if path.name.endswith(".age"):
        return FieldappError(
            _("{name} is sealed for headquarters: there, `fieldapp hq open-backup` opens it.").format(
                name=display_path(path.name)
            )
        )
    return FieldappError(
        _("{name} is no backup, or is damaged. Nothing was changed; take another one.").format(
            name=display_path(path.name)
        )
    )


def _check(store: Store, path: Path) -> None:
    for pragma in ("cipher_integrity_check", "integrity_check"):
        if any(row[0] != "ok" for row in store.db.execute(f"PRAGMA {pragma}").fetchall()):
            raise _no_backup(path)


def _put(made: Path, home: Path) -> None:
    """Move the finished replica to its place; the database last, because a folder with a database is a replica."""
    home.mkdir(mode=0o700, exist_ok=True)
    with disk.alone(home / WRITING):
        check_no_replica(home)
        vault.set_keys_aside(home)
        if (home / vault.KEYS_FOLDER).is_dir():
            disk.remove_tree(home / vault.KEYS_FOLDER)
        disk.rename(made / vault.KEYS_FOLDER, home / vault.KEYS_FOLDER)
        for sealed in blobs.sealed_files(made):
            target = home / FILES_FOLDER / sealed.parent.name / sealed.name
            if not target.exists():  # of the laptop whose database is gone: the same
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                disk.rename(sealed, target)
        disk.take_name(made / FILE, home / FILE)
        disk.sync_folder(home)
