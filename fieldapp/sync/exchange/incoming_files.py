"""Take in the files of records that lie beside bundles: those that a record here names, and no others."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from fieldapp.errors import Cancelled, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import blobs
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.store import Store
from fieldapp.sync.exchange import record_files
from fieldapp.sync.format import drives, file_parts
from fieldapp.sync.format.bundle import Progress


class TakenPart(Struct):
    """What became of one part."""

    path: Path
    arrived: int = 0
    """files that were stored"""
    problem: str = ""
    """why not all of it was taken in"""


def parts_beside(paths: Iterable[Path]) -> list[Path]:
    """The parts that are named, those in folders, and those beside bundles; what cannot be read is passed over."""
    found: dict[Path, None] = {}
    read: dict[Path, list[Path]] = {}
    for path in paths:
        if file_parts.stem_of(path.name):
            found[path] = None
            continue
        folder = path if path.is_dir() else path.parent
        stem = "" if path.is_dir() else path.name.split(".fieldapp.tar")[0]
        if folder not in read:
            try:
                read[folder] = file_parts.parts_in(folder)
            except OSError:
                read[folder] = []
        found |= dict.fromkeys(part for part in read[folder] if not stem or file_parts.stem_of(part.name) == stem)
    return [*found]


def take_in(store: Store, parts: Iterable[Path], progress: Progress | None = None) -> list[TakenPart]:
    """Store the files in parts that a record here names and that are not here; a result for each part.

    Each file is whole and on the disk before the next one is read. A stick that is pulled costs what was not read yet:
    the next reply asks for it.
    """
    listed = [*parts]
    wanted = record_files.own_stock(store).wanted if listed else set()
    secret: str = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    taken = []
    for number, path in enumerate(listed):
        if progress is not None:
            progress("read", number, len(listed))
        taken.append(_take_part(store, path, secret, wanted, progress))
    return taken


def _take_part(store: Store, path: Path, secret: str, wanted: set[str], progress: Progress | None) -> TakenPart:
    taken = TakenPart(path)
    name = display_path(path.name)
    try:
        here = wanted.intersection(file_parts.listed(path, secret))
        if here:
            with closing(file_parts.read(path, secret, here)) as files:
                for done, (sha256, data) in enumerate(files):
                    if progress is not None:
                        progress("apply", done, len(here))
                    if sha256 not in wanted:  # it stands there twice
                        continue
                    if data is None:
                        taken.problem = _("{name}: a file in it is not what it should be, and was left out.").format(
                            name=name
                        )
                        continue
                    if drives.free_space(store.home) < len(data) + 2 * drives.RESERVE:
                        taken.problem = _("{name}: the disk has no room for more files. The records are in; free space,"
                                          " the files are asked for again.").format(name=name)  # fmt: skip
                        break
                    blobs.put(store, data)
                    with store.transaction():
                        store.db.execute("DELETE FROM local_file_asked WHERE sha256 = ?", [sha256])
                    wanted.discard(sha256)
                    taken.arrived += 1
    except file_parts.PartForOthers:
        pass
    except file_parts.BadPart:
        taken.problem = _("{name} is cut off or damaged: what was whole in it is taken in, the rest is asked for"
                          " again.").format(name=name)  # fmt: skip
    except DiskError as error:
        taken.problem = f"{name}: {error.why}"
    except OSError as error:
        taken.problem = _("{path} cannot be read: {why}.").format(path=name, why=os_error_text(error))
    except Cancelled:
        taken.problem = _("{name}: cancelled; what was read is taken in.").format(name=name)
    return taken
