"""What runs that were broken off have left: found by name and age when the program starts, taken away, told once.

Whatever is being made has a name of its own until it is whole (``disk.begun``). A kill, a power cut or a pulled stick
leaves it under that name. In the workspace it goes at the next start at which no other window is writing; elsewhere,
and under other names, when it is an hour old: there another program of ours may still be writing it.
"""

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError
from fieldapp.escaping import display_path
from fieldapp.i18n import _, counted
from fieldapp.store import disk, place, vault, wall
from fieldapp.store.store import BACKUP_FOLDER, FILES_FOLDER, WRITING, Store

FOLDERS = "begun_in"
"""Local setting: a JSON list of the folders outside the workspace in which files were made, the newest last"""
MOST_FOLDERS = 20
"""What lies in a folder beyond these is found when something is written there again"""
HOUR = 3600.0
OTHER_NAMES = re.compile(r"\.fieldapp-(?:restore|kit|check)-.+|.+\.fieldapp[.-].+\.part")
"""Other names of ours for what is not finished, also of versions up to 0.2, that nobody else gives"""
NAMES_HERE = re.compile(
    r"\.(?:snapshot|sealing|trial)-.+|fieldapp\.part(?:-wal|-shm)?|.+\.user\.part|recovery(?:-code)?\.part"
)
"""Those that mean it only in a workspace"""


class Leftover(Struct, frozen=True):
    """Something that was begun and not finished, and is gone now."""

    path: Path
    size: int
    """bytes, with everything in it"""
    changed: float
    """when something was last written there, in seconds of the epoch"""


def take_away(store: Store) -> list[str]:
    """Take away what was begun and not finished here, and where this replica wrote files; a sentence about it, or none.

    Nothing is done in a read-only store.
    """
    if store.read_only:
        return []
    home, found = store.home, []
    with suppress(disk.Occupied), disk.alone(home / WRITING, wait=0):
        for folder in (home, home / BACKUP_FOLDER):
            found += take_away_in(folder, 0)
    for folder in (home, home / vault.KEYS_FOLDER):
        found += take_away_in(folder, others=NAMES_HERE)
    for folder in (home / BACKUP_FOLDER, home / FILES_FOLDER, home.parent, *_folders(store)):
        found += take_away_in(folder)
    if not found:
        return []
    size = sum(left.size for left in found)
    names = ", ".join(display_path(left.path.name) for left in found[:3]) + (", …" if len(found) > 3 else "")
    day = format_date(wall.local_day(wall.moment_of(1000 * min(left.changed for left in found))))
    return [
        _(
            "A run that was broken off on {day} had left {files} unfinished ({names}; {size} MB). Taken away now;"
            " what was confirmed is safe."
        ).format(
            day=day,
            files=counted("{n} file", "{n} files", len(found)),
            names=names,
            size=-(-size // 1_000_000),
        )
    ]


def take_away_in(folder: Path, age: float = HOUR, others: re.Pattern[str] = OTHER_NAMES) -> list[Leftover]:
    """Take away what was begun in a folder and not finished, and is so many seconds old by any clock; what is gone.

    A clock that was wrong gives a time in the future: that is old, too. What has one of the ``others`` names must be an
    hour old.
    """
    found = []
    with suppress(OSError):
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 — paths of all files would cost at each start
            least = age if disk.is_begun(name) else HOUR if others.fullmatch(name) else None
            if least is None:
                continue
            entry = folder / name
            with suppress(OSError, OverflowError, ValueError):
                left = _look(entry)
                if abs(time.time() - left.changed) >= least:
                    disk.try_remove(entry)
                    found += [left] if not os.path.lexists(entry) else []
    return found


def _look(entry: Path) -> Leftover:
    inside = [entry, *entry.rglob("*")] if entry.is_dir() and not entry.is_symlink() else [entry]
    stats = [path.lstat() for path in inside]
    changed = max(stat.st_mtime for stat in stats)
    wall.moment_of(1000 * changed)  # raises OverflowError for a time that is none
    return Leftover(entry, sum(stat.st_size for stat in stats), changed)


def remember(store: Store, folder: Path) -> None:
    """Remember that files are made in a folder, so that what a kill leaves there is found at the next start.

    Not on a network drive: one that does not answer would hold up the start. What cannot be remembered is found when
    something is written to that folder again.
    """
    take_away_in(folder)
    there = str(folder.absolute())
    known = _folders(store)
    if Path(there) in known[-1:] or folder.absolute() == store.home or place.volume(folder).network:
        return
    listed = [str(path) for path in known if str(path) != there] + [there]
    with suppress(FieldappError):
        store.set_setting(FOLDERS, json.dumps(listed[-MOST_FOLDERS:]))


def _folders(store: Store) -> list[Path]:
    try:
        return [Path(name) for name in json.loads(store.setting(FOLDERS, "[]") or "[]")]
    except (ValueError, TypeError):
        return []
