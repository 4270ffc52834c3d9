"""Where people keep their files: what a screen offers to open, and the folder it writes into at first."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.records import attachments
from fieldapp.store import place
from fieldapp.sync.format import drives
from fieldapp.vietnamese.text import clean

FOLDERS = ("Documents", "Desktop", "Downloads", "Tài liệu", "Màn hình nền", "Tải xuống")
"""Below the home folder; the last three by desktops that speak Vietnamese"""
PICTURE_FOLDERS = ("Pictures", "Hình ảnh", "Ảnh")
CAMERA = "DCIM"
"""The folder of photographs on phones and on the cards of cameras"""
PHONES = ("mtp:", "gphoto2:", "afc:")
"""How names of phones and cameras on a cable begin where the desktops of Linux show them as folders (gvfs)"""
LISTED = 30


def typed_path(text: str) -> Path:
    """The file or folder that is meant: as it is typed, or copied with quotes around it."""
    text = clean(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    path = Path(text)
    with suppress(RuntimeError):  # “~name” of a user unknown to this machine
        path = path.expanduser()
    return path


def is_file(path: Path) -> bool:
    """Whether a file is there; False where nobody may look, or no path can be like this."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False as for a file."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def documents() -> Path:
    """The folder where people look for their files."""
    found = place.home_folder() / "Documents"
    return found if found.is_dir() else place.home_folder()


def newest_files(endings: Collection[str]) -> list[Path]:
    """Files with such endings on sticks and where people keep their files, the newest first."""
    home = place.home_folder()
    folders = [*(drive.path for drive in drives.drives()), *(home / name for name in FOLDERS), home]
    found = {path for folder in folders for path in _files_in(folder, endings)}
    return sorted(found, key=lambda path: -path.stat().st_mtime)[:LISTED]


def photographs_and_papers() -> list[Path]:
    """Files that may be attached: those of phones and cameras first, then of sticks, then where people keep their own;
    in each folder the newest first. At most as many as ``attachments`` lists of one folder."""
    found: dict[Path, None] = {}
    for folder in _evidence_folders():
        with suppress(FieldappError):
            found |= dict.fromkeys(attachments.files_in(folder))
        if len(found) >= attachments.MAX_LISTED:
            break
    return [*found][: attachments.MAX_LISTED]


def _evidence_folders() -> Iterator[Path]:
    plugged = [*_phones(), *(drive.path for drive in drives.drives())]
    for drive in plugged:
        with suppress(OSError):
            yield from sorted((path for path in (drive / CAMERA).iterdir() if path.is_dir()), reverse=True)
        yield drive / CAMERA
    yield from plugged
    home = place.home_folder()
    yield from (home / name for name in (*PICTURE_FOLDERS, *FOLDERS))
    yield home


def _phones() -> Iterator[Path]:
    """Phones and cameras on a cable, and each of their storages. On Windows they have no path, and none is here."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    with suppress(OSError):
        for phone in sorted((Path(runtime) / "gvfs").iterdir()) if runtime else ():
            if phone.name.startswith(PHONES):
                yield phone
                yield from sorted(path for path in phone.iterdir() if path.is_dir())


def _files_in(folder: Path, endings: Collection[str]) -> Iterator[Path]:
    try:
        for path in folder.iterdir():
            if path.suffix.lower() in endings and not path.name.startswith((".", "~$")) and path.is_file():
                yield path
    except OSError:
        return
