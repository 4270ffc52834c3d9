"""Old bundles on a stick: those that are not needed any more and may be deleted.

A stick carries bundles of several posts and other people's files. So only two kinds are ever considered: bundles that
this laptop wrote itself, recognised by their exact content, and bundles for this laptop that are applied completely.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import blobs, disk
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import record_files
from fieldapp.sync.format import bundle, clock, drives, file_parts
from fieldapp.sync.peers import practice, receipts
from fieldapp.sync.peers.peers import Peer

Why = Literal["received", "newer", "read"]
MAX_FOLDERS = 3
"""Most folders that a sentence names"""
WRITTEN_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)?_[0-9a-f]{4}_[0-9]{8}T[0-9]{6}Z_[0-9]+\.fieldapp\.tar\.age")
"""A bundle's name as it was written"""
_INSTANT = re.compile("_([0-9]{4})([0-9]{2})([0-9]{2})t([0-9]{2})([0-9]{2})([0-9]{2})z_")


class OldBundle(Struct, frozen=True):
    """A bundle that may be deleted."""

    path: Path
    why: Why
    """``received``: its recipient has all of it; ``newer``: a newer one beside it holds the same; ``read``: it was for
    us and all of it is applied"""
    size: int
    """bytes"""

    @property
    def sentence(self) -> str:
        """The file and the reason, for people."""
        reasons = {
            "received": _("its recipient has what it holds"),
            "newer": _("a newer one on this stick holds the same"),
            "read": _("it was for this laptop and is read"),
        }
        return f"{display_path(self.path.name)}: {reasons[self.why]}"


def written_at(name: str) -> str:
    """The instant in a bundle's name, without “Z”, also where copying changed the name; empty for another one."""
    found = _INSTANT.search(name.lower())
    return "{}-{}-{}T{}:{}:{}".format(*found.groups()) if found else ""


def record_written_bundle(store: Store, name: str, to: Peer, number: int, sha256: str, chosen: Sequence[Row]) -> None:
    """Store what a written bundle holds; inside a transaction. ``chosen``: its segments; ``sha256``: of the file."""
    note_answered(store, to)
    last: dict[str, int] = {}
    for row in chosen:
        last[row["log_id"]] = max(last.get(row["log_id"], 0), row["last"])
    store.db.execute(
        "INSERT OR REPLACE INTO local_written VALUES (?, ?, ?, ?, ?)", [name, to.id, number, sha256, json.dumps(last)]
    )


def note_answered(store: Store, to: Peer) -> None:
    """Store that a bundle takes along the receipt of all that a peer brought; inside a transaction."""
    store.db.execute("UPDATE local_read SET answered = 1 WHERE replica_id = ?", [to.id])


def old_bundles(store: Store, folder: Path) -> list[OldBundle]:
    """The bundles and parts with files in a folder that may be deleted. Nothing is changed."""
    if not folder.is_dir():
        raise FieldappError(
            _("There is no folder {dest}. Plug the stick in, or name another.").format(dest=display_path(folder))
        )
    files = drives.bundles_in(folder)
    written = {path: row for path in files if (row := _written_bundle(store, path))}
    newest: dict[str, int] = {}
    for row in written.values():
        newest[row["recipient"]] = max(newest.get(row["recipient"], 0), row["number"])
    found = []
    for path in files:
        why: Why | None = None
        if path not in written:
            why = "read" if _is_read(store, path) else None
        elif written[path]["number"] < newest[written[path]["recipient"]]:
            why = "newer"
        elif _is_received(store, written[path]):
            why = "received"
        if why:
            found.append(OldBundle(path, why, path.stat().st_size))
    return found + _old_parts(store, folder)


def _old_parts(store: Store, folder: Path) -> list[OldBundle]:
    """The parts with files in a folder that may be deleted: all that is in them has arrived, or is here and is written
    anew."""
    found = []
    here: frozenset[bytes] | None = None
    for path in file_parts.parts_in(folder):
        row = store.row("SELECT * FROM local_file_part WHERE name = ?", [path.name]) if path.name.isascii() else None
        size = path.stat().st_size
        why: Why | None = None
        if row is None:
            why = "read" if _part_is_here(store, path) else None
        elif row["size"] == size and (at := receipts.files_at(store, row["recipient"])) is not None:
            waiting = receipts.prefixes(row["hashes"]) - at.has - at.declined
            if not waiting:
                why = "received"
            elif row["heard"] < at.heard:
                if here is None:
                    here = frozenset(map(receipts.prefix_of, record_files.own_stock(store).here))
                why = "newer" if waiting <= here else None
        if why:
            found.append(OldBundle(path, why, size))
    return found


def _part_is_here(store: Store, path: Path) -> bool:
    """Whether a part is for this laptop, and each file in it is here, or was taken away here."""
    secret = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    try:
        listed = file_parts.listed(path, secret)
    except (OSError, file_parts.BadPart, file_parts.PartForOthers):
        return False
    cleared = record_files.own_stock(store).cleared
    return bool(listed) and all(h in cleared or blobs.is_here(store, h) for h in listed)


def delete_bundles(store: Store, files: Sequence[OldBundle]) -> int:
    """Delete bundles that ``old_bundles`` gave; returns how many.

    Only those that it gives again now are deleted: another stick may have been plugged in.
    """
    still = {found.path for folder in {file.path.parent for file in files} for found in old_bundles(store, folder)}
    cleared = [file for file in files if file.path in still]
    for file in cleared:
        try:
            disk.remove(file.path)
        except OSError as error:
            held = disk.held_text(error)
            if held:
                raise FieldappError(held) from None
            raise FieldappError(
                _("{path} cannot be taken away: {why}.").format(
                    path=display_path(file.path.name), why=os_error_text(error)
                )
            ) from None
    return len(cleared)


def done_text(store: Store, folders: Sequence[Path], written: Iterable[Path] | None = None) -> str:
    """Where bundles were written, and whether it may be pulled out now; ``written``: only into these ``folders``.

    A folder on the workspace's own disk stays on this laptop. Of another disk that the system does not call removable
    (a hard disk in a case of its own, a second disk) nobody knows. A practice stick is a folder that stands for one.
    """
    if practice.is_practice(store) or all(
        drives.is_plugged_in(folder) and not drives.on_one_disk(folder, store.home) for folder in folders
    ):
        pulled = _("The stick may be pulled.")
    elif all(drives.on_one_disk(folder, store.home) for folder in folders):
        pulled = _("This folder is on this laptop: to carry the bundle, copy it onto a stick.")
    else:
        pulled = _("If this is a drive of its own, it may be pulled.")
    into = list(dict.fromkeys(map(display_path, folders if written is None else written)))
    shown = ", ".join(into[:MAX_FOLDERS]) + (f" … ({len(into)})" if len(into) > MAX_FOLDERS else "")
    return f"{_('Written into {folders}.').format(folders=shown)} {pulled}" if shown else pulled


def is_own_bundle(store: Store, path: Path) -> bool:
    """Whether this laptop wrote a bundle."""
    return _written_bundle(store, path) is not None


def _written_bundle(store: Store, path: Path) -> Row | None:
    """The ``local_written`` row of a bundle of ours; None if it is not ours, or the file is not what was written."""
    # our bundles have ASCII names; a name of other files may not even be Unicode
    row = store.row("SELECT * FROM local_written WHERE name = ?", [path.name]) if path.name.isascii() else None
    if row is None and WRITTEN_NAME.fullmatch(path.name):
        return None
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
    if row is None:  # copying changed the name
        return store.row("SELECT * FROM local_written WHERE sha256 = ?", [sha256])
    return row if row["sha256"] == sha256 else None


def _is_received(store: Store, row: Row) -> bool:
    logs = json.loads(row["logs"])
    databases, _at = receipts.all_heads(store, row["recipient"])
    return bool(logs) and all(receipts.acknowledged_through(store, databases, g) >= n for g, n in logs.items())


def _is_read(store: Store, path: Path) -> bool:
    """Whether a bundle is for this laptop, and each of its segments has been applied."""
    secret = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    try:
        manifest = bundle.inspect(path, secret).manifest
    except (FieldappError, OSError):
        return False
    last = store.value("SELECT max(hlc) FROM local_receipt WHERE replica_id = ?", [manifest.sender])
    hashes = [m.sha256 for m in manifest.members if m.name.endswith(".zst")]
    applied = store.value(
        "SELECT count(*) FROM local_segment WHERE state = 'applied' AND hash IN (SELECT value FROM json_each(?))",
        [json.dumps(hashes)],
    )
    heard = manifest.hlc <= (last or 0) or not clock.is_plausible(manifest.hlc)
    return store.identity.replica_id in manifest.recipients and heard and applied == len(hashes)
