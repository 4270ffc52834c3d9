"""Where the workspace lies: a folder that is copied to a cloud, a network drive or a stick is no place for a database.

A program that mirrors a folder copies the database while it is being written, and the records leave the laptop.
"""

import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import disk_errors

if TYPE_CHECKING:
    from fieldapp.store.store import Store

WARNED = "place_warned"
"""Local setting: the folder about which the people here were warned"""
ONEDRIVE = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
"""Environment variables with the folders that OneDrive mirrors"""
SERVICES = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "icloud drive": "iCloud",
    "iclouddrive": "iCloud",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "megasync": "MEGA",
    "pclouddrive": "pCloud",
}
"""Name of a folder, in small letters -> the service that mirrors a folder of this name"""
TRACES = {".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".tmp.drivedownload": "Google Drive"}
"""A hidden file or folder -> the service that has put it into the folder that it mirrors"""
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "davfs", "fuse.davfs2"}
FAT = {"fat", "fat12", "fat16", "fat32", "exfat", "vfat", "msdos"}
_REMOVABLE, _REMOTE = 2, 4
"""Answers of GetDriveTypeW"""


class Volume(Struct, frozen=True):
    """The volume on which a folder lies, as far as the system tells."""

    file_system: str = ""
    network: bool = False
    removable: bool = False
    label: str = ""

    @property
    def is_fat(self) -> bool:
        """Whether it is FAT or exFAT: no permissions, and no journal that survives a pulled stick."""
        return self.file_system.lower() in FAT


def home_folder() -> Path:
    """The home folder of who runs the program; a folder that is not there, for an account that has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("~")


def mirrored_by(folder: Path) -> str | None:
    """The service that copies this folder, or one above it, to a cloud; None if none is known."""
    whole = folder.absolute()
    for path in {whole, Path(os.path.realpath(whole))}:
        for variable in ONEDRIVE:
            named = os.environ.get(variable)
            if named and path.is_relative_to(named):
                return "OneDrive"
        for part in PureWindowsPath(str(path)).parts:
            name = part.casefold()
            found = next((s for n, s in SERVICES.items() if name == n or name.startswith((n + " - ", n + " ("))), None)
            if found:
                return found
        for above in (path, *path.parents):
            for mark, service in TRACES.items():
                if os.path.lexists(above / mark) and above != home_folder():  # Dropbox' settings lie there
                    return service
    return None


def volume(folder: Path) -> Volume:
    """The volume of a folder, which need not exist yet."""
    try:
        if sys.platform == "win32":
            import ctypes

            return windows_volume(folder, ctypes.WinDLL("kernel32"))
        return linux_volume(folder, Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return Volume()


def linux_volume(folder: Path, mounts: str) -> Volume:
    """The volume by the lines of ``/proc/mounts``; the last of the longest that fits counts."""
    whole = Path(os.path.realpath(folder))
    found, depth = Volume(), -1
    for line in mounts.splitlines():
        _device, where, kind = line.split(" ")[:3]
        top = mounted_at(where)
        if whole.is_relative_to(top) and len(top.parts) >= depth:
            removable = str(top).startswith(("/media/", "/run/media/"))
            found, depth = Volume(kind, kind in NETWORK, removable), len(top.parts)
    return found


def mounted_at(where: str) -> Path:
    """The folder that a line of ``/proc/mounts`` names: a blank, a ``#``, a backslash are written as octal numbers."""
    return Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), where))


def windows_volume(folder: Path, kernel: Any) -> Volume:
    """The volume by the functions of kernel32.dll; tests pass another ``kernel``."""
    import ctypes

    named = PureWindowsPath(os.path.abspath(folder))  # noqa: PTH100 — resolve follows links
    if named.drive.startswith("\\\\") and not named.drive.startswith("\\\\?\\"):
        return Volume(network=True)
    root = ctypes.c_wchar_p(f"{named.drive}\\")
    kind = kernel.GetDriveTypeW(root)
    label, system = ctypes.create_unicode_buffer(261), ctypes.create_unicode_buffer(261)
    known = kernel.GetVolumeInformationW(root, label, 261, None, None, None, system, 261)
    return Volume(system.value if known else "", kind == _REMOTE, kind == _REMOVABLE, label.value if known else "")


def warnings(folder: Path, on: Volume | None = None) -> list[str]:
    """A sentence for each thing that makes the folder a bad place for the records; empty if it is a good one."""
    on = on or volume(folder)
    service = mirrored_by(folder) or ("Google Drive" if on.label.casefold() == "google drive" else None)
    shown = display_path(folder)
    found = []
    if service:
        found.append(
            _(
                "{service} copies the folder of the records, {folder}, off this laptop: they leave it, and the copying"
                " can damage them. Close the program, move the folder outside (C:\\fieldapp), and name it by --home."
            ).format(service=service, folder=shown)
        )
    if on.network:
        found.append(
            _(
                "The folder of the records, {folder}, lies on a network drive: when the connection breaks they can be"
                " damaged. Move it to this laptop's own disk, and name it by --home."
            ).format(folder=shown)
        )
    elif on.removable or on.is_fat:
        found.append(
            _(
                "The folder of the records, {folder}, lies on a stick or a FAT disk: pulled at the wrong moment, the"
                " records are damaged. Move it to this laptop's own disk, and name it by --home."
            ).format(folder=shown)
        )
    return found


def readable_by_others(path: Path) -> bool:
    """Whether other accounts of this machine may look into a folder, or read a file; never on Windows and FAT, where
    the mode says nothing."""
    if os.name != "posix":
        return False
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    others = mode & 0o055 if stat.S_ISDIR(mode) else mode & 0o044 if stat.S_ISREG(mode) else 0
    return bool(others) and not volume(path).is_fat


def access_notices(home: Path) -> list[str]:
    """A sentence if other accounts may look into the folder of the records; else nothing."""
    if not readable_by_others(home):
        return []
    return [
        _("Other accounts of this machine may look into the folder of the records, {folder}. Keep it to yourself:"
          " chmod 700").format(folder=display_path(home))
    ]  # fmt: skip


def warn_once(store: "Store") -> list[str]:
    """``warnings`` for a replica's folder, the first time that it is opened there."""
    if store.setting(WARNED) == str(store.home):
        return []
    found = warnings(store.home)
    if found and not store.read_only:
        with suppress(disk_errors.DiskError):
            store.set_setting(WARNED, str(store.home))
    return found
