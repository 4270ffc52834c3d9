"""Sticks and folders: lists the drives, and writes files so that each is either complete or not there."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from fieldapp.domain.amounts import format_amount
from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import disk, place

CHUNK = 1 << 20
PLUGGED_IN = ("/media/", "/run/media/", "/mnt/")
MB = 1_000_000
MAX_FAT_FILE = (4 << 30) - 1
"""Bytes of the largest file on FAT32"""
FAT32 = {"fat", "fat32", "vfat", "msdos"}
"""File systems with that limit, as Windows and Linux call them; exFAT has none"""
MAX_BACKED_UP = 128 * 1024 * 1024
"""Bytes of the largest database of which a backup is put beside an export (``safety/backup.py``): a larger one would
make the officer wait, although it is packed; it is backed up only on request"""
RESERVE = MB
"""Bytes needed besides the content: for the manifest, for age, and for the file system"""
BUNDLE_MARKS = (".fieldapp.tar", ".age")
"""What is left of a bundle's name when it was copied, in small letters"""
BACKUP_MARK = "fieldapp-backup"
LIKELY_MARKS = ("fieldapp", ".age")
LOOKED_INTO = 50
"""Files of a folder that are opened though their names say nothing: a stick may hold thousands of photographs"""
_DRIVE_REMOVABLE = 2
_NO_DIALOGUE = 1
"""SEM_FAILCRITICALERRORS"""


class Drive(Struct, frozen=True):
    """A place where bundles can be put."""

    path: Path
    name: str
    free: int
    """bytes"""
    bundles: int
    """bundle files at its top"""


def drives() -> list[Drive]:
    """The plugged-in drives of this machine, by name."""
    roots = _windows_roots() if sys.platform == "win32" else _linux_roots()
    found = []
    for root, name in roots:
        with suppress(OSError):
            found.append(Drive(root, name, free_space(root), len(bundles_in(root))))
    return sorted(found, key=lambda d: d.name)


def bundles_in(folder: Path, inside: bool = True) -> list[Path]:
    """Bundle files in a folder, by name; other files are skipped.

    Copying changes names: “… (1).age”, “.age.txt”, capital letters. ``inside``: files with other names are recognised
    by their first bytes; those that look unlike ours by their names are opened only up to LOOKED_INTO.
    """
    return _found_in(folder, "bundle", BUNDLE_MARKS, inside)


def pack_in(path: Path) -> Path:
    """The pack in a folder, whatever its name; a path that is no folder is given back. FieldappError unless there is
    just one."""
    if not os.path.isdir(path):  # noqa: PTH112 — Path.is_dir raises for a name that is too long
        return path
    try:
        found = _found_in(path, "pack", (), inside=True)
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=display_path(path), why=why)) from None
    if len(found) == 1:
        return found[0]
    if not found:
        raise FieldappError(_("There is no pack in {folder}.").format(folder=display_path(path)))
    listed = ", ".join(display_path(pack.name) for pack in found)
    raise FieldappError(_("Several packs are in {folder}: {listed}. Name one.").format(
        folder=display_path(path), listed=listed))  # fmt: skip


_NAME = attrgetter("name")
"""The order of files in messages: the same everywhere; paths themselves have another on Windows"""


def _found_in(folder: Path, kind: str, marks: Sequence[str], inside: bool) -> list[Path]:
    """Files whose names have all ``marks``, or that begin like files of this ``kind``, by name."""
    from fieldapp.sync.format.bundle import looks_like

    named: list[Path] = []
    likely: list[Path] = []
    others: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.lower()
            if name.startswith(".") or BACKUP_MARK in name or not disk.is_file(entry):
                continue
            path = folder / entry.name
            if marks and all(mark in name for mark in marks):
                named.append(path)
            elif inside:
                (likely if any(mark in name for mark in LIKELY_MARKS) else others).append(path)
    begin = [*likely, *sorted(others, key=_NAME)[:LOOKED_INTO]]
    return sorted([*named, *(path for path in begin if looks_like(path) == kind)], key=_NAME)


def folders_with_bundles(folder: Path) -> list[Path]:
    """Folders directly in this one that hold bundles, by name; hidden and unreadable ones are skipped."""
    found = []
    with suppress(OSError):
        for below in sorted(folder.iterdir()):
            with suppress(OSError):
                if below.is_dir() and not below.name.startswith(".") and bundles_in(below, inside=False):
                    found.append(below)
    return found


def check_target(home: Path, dest: Path) -> None:
    """FieldappError for a place where no bundle may be written: a file, the workspace ``home`` and what is in it, and
    the top of this machine's disk."""
    shown = display_path(dest)
    if os.path.isfile(dest):  # noqa: PTH113 — Path.is_file raises for a name that is too long
        raise FieldappError(_("{dest} is a file. Nothing was written; choose a stick or a folder.").format(dest=shown))
    if not os.path.isdir(dest):  # noqa: PTH112 — as above
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=shown))
    try:
        real = Path(os.path.realpath(dest))
    except OSError:  # the folder of the command, which is gone
        raise FieldappError(
            _("There is no folder {dest}. Plug the stick in, or name another.").format(dest=shown)
        ) from None
    if any(_is_same(folder, home) for folder in (real, *real.parents)):
        raise FieldappError(
            _("{dest} holds the records of this laptop. Nothing was written; choose a stick or another folder.").format(
                dest=shown
            )
        )
    if real == Path(real.anchor) and (real == Path("/") or on_one_disk(real, home)):
        raise FieldappError(
            _("{dest} is the top of this laptop's disk. Nothing was written; choose a stick or a folder.").format(
                dest=shown
            )
        )


def is_plugged_in(folder: Path) -> bool:
    """Whether a folder lies on a removable drive, or one that is mounted where such drives are."""
    if place.volume(folder).removable:
        return True
    real = Path(os.path.realpath(folder))
    return sys.platform != "win32" and any(real.is_relative_to(root) for root, _name in _linux_roots())


def _is_same(folder: Path, other: Path) -> bool:
    with suppress(OSError):
        return folder.samefile(other)
    return False


def on_one_disk(folder: Path, other: Path) -> bool:
    """Whether two folders lie on one volume."""
    with suppress(OSError):
        return folder.stat().st_dev == other.stat().st_dev
    return False


def free_space(folder: Path) -> int:
    """Bytes that may still be written there."""
    import shutil

    return shutil.disk_usage(folder).free


def backup_room(database: Path, folder: Path) -> int:
    """Bytes that must be free in a folder for the backup beside a post's export; 0 if none is written there."""
    size = database.stat().st_size
    return 2 * size if size <= MAX_BACKED_UP and free_space(folder) >= 2 * size else 0


def space_notices(home: Path) -> list[str]:
    """A sentence if the disk of a workspace is so full that nothing can be recorded; else nothing."""
    with suppress(OSError):
        if free_space(home) < RESERVE:
            return [
                _("The disk of the records is full: they can be read, but hardly anything can be recorded. Free space.")
            ]
    return []


def check_own_space(folder: Path, size: int) -> None:
    """Refuse long work in the workspace for which the disk has no room; ``size`` in bytes, as far as it is known."""
    with explaining_os_errors(folder):
        free = free_space(folder)
    if free < size + RESERVE:
        raise FieldappError(
            _(
                "The disk of {folder} has {free} MB free, and this needs about {size} MB. Nothing was changed: free"
                " space there, then do this again."
            ).format(
                folder=display_path(folder),
                free=format_amount(free // MB),
                size=format_amount((size + RESERVE) // MB + 1),
            )
        )


def check_space(folder: Path, size: int) -> None:
    """Refuse to write onto a stick what does not fit; ``size`` in bytes."""
    with explaining_os_errors(folder):
        free = free_space(folder)
    if size > MAX_FAT_FILE and place.volume(folder).file_system.lower() in FAT32:
        raise FieldappError(
            _(
                "{folder} is formatted as FAT32, which holds no file of more than 4 GB, and {size} MB are needed."
                " Nothing was written; take a stick that is formatted as exFAT or NTFS."
            ).format(folder=display_path(folder), size=format_amount(size // MB + 1))
        )
    if free < size + RESERVE:
        raise FieldappError(
            _("{folder} has {free} MB free, {size} MB are needed. Nothing was written; take another stick.").format(
                folder=display_path(folder),
                free=format_amount(free // MB),
                size=format_amount((size + RESERVE) // MB + 1),
            )
        )


def _linux_roots() -> Iterator[tuple[Path, str]]:
    with suppress(OSError):
        for line in Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            device, escaped = line.split(" ")[:2]
            where = place.mounted_at(escaped)
            if device.startswith("/dev/") and str(where).startswith(PLUGGED_IN):
                yield where, where.name


def _windows_roots(kernel: Any = None) -> Iterator[tuple[Path, str]]:
    """Removable drives, by the functions of kernel32.dll; tests pass another ``kernel``.

    A card reader without a card is a removable drive without a volume. It is skipped, and asking for it must not open a
    system dialogue.
    """
    import ctypes

    if kernel is None:
        kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    before = kernel.SetErrorMode(_NO_DIALOGUE)
    try:
        present = kernel.GetLogicalDrives()
        for number in range(26):
            root = f"{chr(ord('A') + number)}:\\"
            if not present >> number & 1 or kernel.GetDriveTypeW(ctypes.c_wchar_p(root)) != _DRIVE_REMOVABLE:
                continue
            label = ctypes.create_unicode_buffer(261)
            if kernel.GetVolumeInformationW(ctypes.c_wchar_p(root), label, 261, None, None, None, None, 0):
                yield Path(root), f"{label.value or _('USB stick')} ({root[:2]})"
    finally:
        kernel.SetErrorMode(before)


@contextmanager
def explaining_os_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing to a folder into a FieldappError with a sentence for the user."""
    try:
        yield
    except OSError as error:
        held = disk.held_text(error)
        if held:
            raise FieldappError(held) from error
        raise FieldappError(
            _("Writing to {folder} failed: {why}. Nothing here was changed; free space or take another stick.").format(
                folder=display_path(folder), why=os_error_text(error)
            )
        ) from error


@contextmanager
def atomic_file(
    target: Path,
    progress: Callable[[int], None] | None = None,
    *,
    new: bool = False,
    also: Callable[[bytes], object] | None = None,
) -> Iterator[IO[bytes]]:
    """Write a file that is complete or not there: another name, flush, fsync, read back and compare, rename, fsync.

    After the block has ended without an error the stick may be pulled. ``new``: a file of this name is not replaced,
    also not one that appeared meanwhile. ``progress`` gets the number of bytes read back; ``also`` gets all that is
    written. Raises FieldappError (stick full, pulled, read-only); then there is no file that looks complete.
    """
    disk.check_name(target)
    with disk.begun(target.parent) as part, explaining_os_errors(target.parent):
        disk.check_name(target)
        check = _Check()
        with part.open("xb") as raw:
            writer = _Checked(raw, check, also)
            try:
                yield writer  # type: ignore[misc]
            except Exception:
                if writer.failed is not None:  # age hides it in an error of its own
                    raise writer.failed from None
                raise
            raw.flush()
            os.fsync(raw.fileno())
        if not check.is_passed_by(_read_back(part, progress)):
            raise FieldappError(
                _("What was read back from {folder} is not what was written. Take another stick.").format(
                    folder=display_path(target.parent)
                )
            )
        (disk.take_name if new else disk.replace)(part, target)
        disk.sync_folder(target.parent)


class _Check:
    """Whether what is read back is what was written, by Poly1305 under a key that is used this once.

    No stick can know the key, so that nothing else passes but by a chance below 1 in 2^70 (RFC 8439). It takes a fifth
    of the time of SHA-256 where the processor helps with that, and less where it does not.
    """

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.poly1305 import Poly1305

        key = os.urandom(32)
        self._written, self._read = Poly1305(key), Poly1305(key)
        self.update = self._written.update

    def is_passed_by(self, pieces: Iterable[bytes | memoryview]) -> bool:
        """Whether these, one after the other, are what was written."""
        for piece in pieces:
            self._read.update(piece)
        from hmac import compare_digest

        return compare_digest(self._written.finalize(), self._read.finalize())


class _Checked:
    """A binary file that notes what is written to it."""

    def __init__(self, raw: IO[bytes], check: _Check, also: Callable[[bytes], object] | None) -> None:
        self._raw = raw
        self._check = check
        self._also = also
        self.failed: OSError | None = None

    def write(self, data: bytes) -> int:
        self._check.update(data)
        if self._also is not None:
            self._also(data)
        try:
            return self._raw.write(data)
        except OSError as error:
            self.failed = error
            raise

    def flush(self) -> None:
        self._raw.flush()


def _read_back(path: Path, progress: Callable[[int], None] | None) -> Iterator[memoryview]:
    """The pieces of a file; each is overwritten by the next."""
    buffer = memoryview(bytearray(CHUNK))
    with path.open("rb", buffering=0) as reader:
        if hasattr(os, "posix_fadvise"):  # read from the stick, not from memory
            os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        done = 0
        while size := reader.readinto(buffer):
            yield buffer[:size]
            done += size
            if progress is not None:
                progress(done)
