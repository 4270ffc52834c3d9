"""The bytes of attached files, each sealed in a file of its own beside the database: ``files/ab/ab12…``.

They are found by their SHA-256, and each is there once, however many records name it. A sealed file is written once
and never changes, so that a backup only adds those that it lacks, and neither opening nor searching the database meets
them.

The key of a sealed file is derived from the database's key and the SHA-256 of its content: one key seals one content,
and never another. Its name is another such derivation, so that who sees the folder learns how many files there are and
how large, and not whether a known picture is among them. Sealed: a line with the format, 12 random bytes, then
AES-256-GCM under both.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.i18n import _
from fieldapp.store import disk, disk_errors, vault, wall
from fieldapp.store.connection import DatabaseError
from fieldapp.store.store import FILES_FOLDER, Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED_FORMAT = b"fieldapp-file/1\n"
_NONCE = 12
OVERHEAD = len(SEALED_FORMAT) + _NONCE + 16
"""Bytes by which a sealed file is longer than its content"""
NAME = re.compile(r"[0-9a-f]{40}(?:\.thumb)?")
"""Names of sealed files"""
THUMB = ".thumb"
"""Ends the name of the small picture of a file"""
DAMAGED = ".damaged"
"""Ends the name of a file that could not be opened any more: it counts as not here, and is asked for again"""


class DamagedBlob(FieldappError):
    """A sealed file cannot be opened any more."""


def digest(data: bytes) -> str:
    """The SHA-256 of a content, in hex."""
    return hashlib.sha256(data).hexdigest()


def path_of(store: Store, sha256: str, kind: str = "") -> Path:
    """Where the sealed file of a content lies; ``kind``: empty, or THUMB."""
    name = name_of(store, sha256, kind)
    return store.home / FILES_FOLDER / name[:2] / name


def name_of(store: Store, sha256: str, kind: str = "") -> str:
    """The name of the sealed file of a content."""
    return _derived(store, b"name" + kind.encode(), sha256).hex()[:40] + kind


def is_here(store: Store, sha256: str, kind: str = "") -> bool:
    """Whether the content is stored here."""
    return path_of(store, sha256, kind).is_file()


def names_here(home: Path) -> set[str]:
    """The names of all sealed files: to ask of very many contents whether they are here, with ``name_of``."""
    found: set[str] = set()
    with suppress(FileNotFoundError), os.scandir(home / FILES_FOLDER) as folders:
        for below in folders:
            if below.is_dir():
                with os.scandir(below) as entries:
                    found.update(entry.name for entry in entries)
    return found


RECENT = 4.0
"""Seconds: a folder that changed so lately may change once more, and show the same time. FAT counts two seconds"""


def folder_state(home: Path) -> str | None:
    """A word that is another one when a sealed file has come or gone; None if that cannot be told, of the newest ones.

    It is made of the times of the folders: reading the names of all files takes longer, the more there are.
    """
    times: list[tuple[str, int]] = []
    with suppress(FileNotFoundError), os.scandir(home / FILES_FOLDER) as folders:
        times = sorted((one.name, os.stat(one).st_mtime_ns) for one in folders if one.is_dir())  # noqa: PTH116 — quick
    now = wall.shown().timestamp()
    if any(abs(now - changed / 1e9) < RECENT for _name, changed in times):
        return None
    return hashlib.sha256(repr(times).encode()).hexdigest()


def put(store: Store, data: bytes) -> str:
    """Store a content, sealed, and return its SHA-256; nothing is written where it is here already.

    Whole or not there, on the disk when this returns. DiskError where the disk has no room.
    """
    sha256 = digest(data)
    _write(store, sha256, "", data)
    return sha256


def put_thumb(store: Store, sha256: str, data: bytes) -> None:
    """Store the small picture of a content."""
    _write(store, sha256, THUMB, data)


def get(store: Store, sha256: str, kind: str = "") -> bytes | None:
    """A stored content; None if it is not here. DamagedBlob if it cannot be opened; DiskError if it cannot be read
    now, and may be sound."""
    from cryptography.exceptions import InvalidTag

    path = path_of(store, sha256, kind)
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        why = _("{path} cannot be read: {why}.").format(path=path.name, why=os_error_text(error))
        raise disk_errors.disk_error_text(error, store.home) or disk_errors.DiskError(why) from error
    nonce, content = sealed[len(SEALED_FORMAT) :][:_NONCE], memoryview(sealed)[len(SEALED_FORMAT) + _NONCE :]
    try:
        data: bytes = _cipher(store, sha256, kind).decrypt(nonce, content, SEALED_FORMAT)
    except (InvalidTag, ValueError) as error:
        raise _damaged(path) from error
    return data


def set_damaged_aside(store: Store, sha256: str) -> None:
    """Rename a sealed file that cannot be opened, so that it counts as not here."""
    path = path_of(store, sha256)
    _look_anew(store)
    disk.replace(path, path.with_name(path.name + DAMAGED))


def remove(store: Store, sha256: str, kind: str = "") -> None:
    """Take a stored content away; OSError where that is not possible."""
    _look_anew(store)
    disk.remove(path_of(store, sha256, kind))


def _look_anew(store: Store) -> None:
    """Let the next export look which files are here: FAT does not tell it by the times of folders."""
    with suppress(DatabaseError):  # full
        store.db.execute("DELETE FROM local_file_stock")


def sealed_files(home: Path) -> Iterator[Path]:
    """All sealed files of a workspace, small pictures among them, by name."""
    return sealed_in(home / FILES_FOLDER)


def sealed_in(folder: Path) -> Iterator[Path]:
    """The sealed files in a folder that is arranged like that of a workspace."""
    for below in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        if below.is_dir():
            yield from (path for path in sorted(below.iterdir()) if NAME.fullmatch(path.name))


def _write(store: Store, sha256: str, kind: str, data: bytes) -> None:
    store.check_writable()
    path = path_of(store, sha256, kind)
    with suppress(DamagedBlob):
        if get(store, sha256, kind) is not None:
            return
    nonce = secrets.token_bytes(_NONCE)
    sealed = SEALED_FORMAT + nonce + _cipher(store, sha256, kind).encrypt(nonce, data, SEALED_FORMAT)
    top = store.home / FILES_FOLDER
    try:
        if not path.parent.is_dir():
            top.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            disk.sync_folder(store.home)
            disk.sync_folder(top)
        with disk.begun(top) as part:
            disk.write_new(part, sealed, 0o600)
            if not kind:
                _look_anew(store)
            disk.replace(part, path)  # who was faster wrote the same
        disk.sync_folder(path.parent)
    except OSError as error:
        raise disk_errors.disk_error_text(error, store.home, undone=True) or error from error


def _cipher(store: Store, sha256: str, kind: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_derived(store, b"seal" + kind.encode(), sha256))


def _derived(store: Store, purpose: bytes, sha256: str) -> bytes:
    """32 bytes that only who has the database's key can compute: HKDF-Expand (RFC 5869) with one block each."""
    if len(store.key) != vault.KEY_BYTES:
        raise FieldappError(_("The records were locked meanwhile. Nothing was changed: unlock them, and do it again."))
    info = b"fieldapp files " + purpose + b" " + sha256.encode()
    return hmac.digest(store.key, info + b"\1", "sha256")


def _damaged(path: Path) -> DamagedBlob:
    return DamagedBlob(
        _("The stored file {name} is damaged. The record is safe; whoever else has the file sends it again.").format(
            name=path.name
        )
    )
