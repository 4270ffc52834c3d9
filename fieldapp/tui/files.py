"""Where people keep their files: what a screen offers to open, and the folder it writes into at first."""

from collections.abc import Collection, Iterator
from pathlib import Path

from fieldapp.sync.format import drives

FOLDERS = ("Documents", "Desktop", "Downloads", "Tài liệu", "Màn hình nền", "Tải xuống")
"""Below the home folder; the last three by desktops that speak Vietnamese"""
LISTED = 30


def documents() -> Path:
    """The folder where people look for their files."""
    found = Path.home() / "Documents"
    return found if found.is_dir() else Path.home()


def newest_files(endings: Collection[str]) -> list[Path]:
    """Files with such endings on sticks and where people keep their files, the newest first."""
    home = Path.home()
    folders = [*(drive.path for drive in drives.drives()), *(home / name for name in FOLDERS), home]
    found = {path for folder in folders for path in _files_in(folder, endings)}
    return sorted(found, key=lambda path: -path.stat().st_mtime)[:LISTED]


def _files_in(folder: Path, endings: Collection[str]) -> Iterator[Path]:
    try:
        for path in folder.iterdir():
            if path.suffix.lower() in endings and not path.name.startswith((".", "~$")) and path.is_file():
                yield path
    except OSError:
        return
