"""Files at records: photographs and papers. What screens and commands need of them: read, add, list, show.

The record of a file is a row like any other, logged and carried by bundles; its bytes are stored apart
(``store/blobs.py``), and may come later than the row, or be cleared once headquarters has them.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from fieldapp.domain import lengths
from fieldapp.domain.amounts import format_amount
from fieldapp.domain.attachment import Attachment, FileSort
from fieldapp.domain.dates import format_date
from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _, counted
from fieldapp.records import file_content, pictures, records
from fieldapp.records.reading import columns_of, read_record
from fieldapp.store import blobs, disk, wall
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.ids import new_id
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

MAX_AT_RECORD = 200
"""Files that one record may have"""
MAX_LISTED = 1_000
"""Files of a folder that are offered: a phone's folder may hold ten thousand"""

FileState = Literal["here", "not_arrived", "cleared", "asked"]
"""``not_arrived``: its bytes have not come yet, or were lost, and are asked for. ``cleared``: they were taken away here
after headquarters had them. ``asked``: somebody here asked for them again"""

SORTS: tuple[FileSort, ...] = get_args(FileSort)
_MINUTE_WORDS = ("bien ban", "bb", "bbbg", "bbnt")
"""Search keys of what names of files have: “biên bản”, and how people shorten it, “biên bản bàn giao”, “biên bản nghiệm
thu”"""


class Prepared(Struct, frozen=True):
    """A file that may be attached, as it will be stored."""

    name: str
    media_type: str
    data: bytes
    taken_on: date | None = None
    """The day on which the photograph says it was taken"""
    place: str | None = None
    """Where: latitude and longitude in degrees, “12.83333, 107.95000”"""
    was: int = 0
    """Bytes of the file that it was made from"""

    @property
    def usual_sort(self) -> FileSort:
        """What it most probably is: a minute by its name, also where that was photographed; else by its content."""
        key = f" {search_key(self.name)} "
        if any(f" {words} " in key for words in _MINUTE_WORDS):
            return "minute"
        return usual_sort(self.media_type)


def usual_sort(media_type: str) -> FileSort:
    """The sort of a file of which nobody has said it: a picture is a photograph, and a paper a minute."""
    return "photograph" if media_type in file_content.PICTURES else "minute"


def sort_title(sort: FileSort) -> str:
    """“photograph”, “minute”, “other paper”"""
    return {"photograph": _("photograph"), "minute": _("minute"), "paper": _("other paper")}[sort]


class Count(Struct, frozen=True):
    """How many files a record has."""

    photographs: int = 0
    papers: int = 0

    @property
    def words(self) -> str:
        """“2 photographs · 1 paper”; empty for none."""
        parts = [
            counted("{n} photograph", "{n} photographs", self.photographs) if self.photographs else "",
            counted("{n} paper", "{n} papers", self.papers) if self.papers else "",
        ]
        return " · ".join(filter(None, parts))


class Looked(Struct, frozen=True):
    """What a file shows before it is attached."""

    thumbnail: bytes | None
    """A small JPEG; None for papers"""
    taken_on: date | None
    place: str | None


class Attached(Struct, frozen=True):
    """A file at a record."""

    id: str
    record_kind: str
    record_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    caption: str | None
    taken_on: date | None
    place: str | None
    created_at: str
    created_by: str
    voided: bool
    state: FileState
    sort: FileSort
    """What it is evidence of"""

    @property
    def is_picture(self) -> bool:
        """Whether it is a photograph; otherwise it is a paper."""
        return self.media_type in file_content.PICTURES

    @property
    def sort_told(self) -> str:
        """Its sort in a word; empty for a photograph that is one."""
        return "" if self.is_picture and self.sort == "photograph" else sort_title(self.sort)

    @property
    def sentence(self) -> str:
        """The file in one line: its name, caption, day, place, size, and whether it is here."""
        parts = [
            display_path(self.name),
            self.sort_told,
            self.caption or "",
            format_date(self.taken_on) if self.taken_on else "",
            self.place or "",
            size_text(self.size),
            state_text(self),
        ]
        return " · ".join(filter(None, parts))


def size_text(size: int) -> str:
    """A size as people read it: “312 kB”, “4 MB”."""
    if size < file_content.MB:
        return f"{format_amount(-(-size // 1000))} kB"
    return f"{format_amount(-(-size // file_content.MB))} MB"


def state_text(found: Attached) -> str:
    """What is said about a file that is not here; empty for one that is."""
    if found.state == "cleared":
        return _("cleared here, headquarters has it")
    if found.state == "here":
        return ""
    if found.state == "asked":
        return _("asked for, comes with a USB stick")
    return _("photograph has not arrived yet") if found.is_picture else _("file has not arrived yet")


def prepare(path: Path, *, original: bool = False) -> Prepared:
    """Read a file, and bring it into the form in which it is stored; NotAttachable if it may not be attached.

    A photograph is turned upright, made smaller, and loses what its device wrote into it. ``original``: it stays as it
    is, with all that it says about its device and the people in it.
    """
    data = file_content.read(path)
    media_type = file_content.media_type_of(data, path)
    taken_on, place, stored = None, None, data
    if media_type in (*file_content.PICTURES, file_content.HEIC):
        made = pictures.prepare(data, path, original=original)
        media_type, stored, taken_on, place = made.media_type, made.data, made.taken_on, made.place
    file_content.check_stored(stored, path)
    if media_type not in file_content.PICTURES:
        file_content.check_paper(stored, media_type, path)
    name = file_content.stored_name(path.name, media_type)
    return Prepared(name, media_type, stored, taken_on, place, len(data))


def look(path: Path) -> Looked:
    """See a file before it is attached; NotAttachable if it cannot be read, or is none that may be attached."""
    data = file_content.read(path)
    if file_content.media_type_of(data, path) not in (*file_content.PICTURES, file_content.HEIC):
        return Looked(None, None, None)
    found = pictures.look(data, path)
    return Looked(found.data, found.taken_on, found.place)


def may_attach(store: Store, record_id: str) -> bool:
    """Whether files can be attached to the record here, and taken out of it."""
    found = records.get(store, record_id)
    model = BY_KIND[found.kind]
    return (
        model.TOP
        and not model.REFERENCE
        and records.writable(store, model)
        and found.row["voided_at"] is None
        and found.row["post_id"] == records.writable_scope(store, model)
    )


def add(
    store: Store, record_id: str, given: Sequence[Prepared], caption: str = "", sort: FileSort | None = None
) -> list[str]:
    """Attach files to a record, all or none; returns the ids of their rows. A file that it has already stays once, and
    gets the caption if it has none.

    ``sort``: of all of them; None for what each most probably is.

    The bytes are on the disk before their rows are: whatever breaks off in between leaves a sealed file that nothing
    names, and never a row whose file was never there. It stays, and is named when it is attached again: a file that no
    row names may also be one whose row is still to come back from headquarters, after a backup was restored.
    """
    with store.transaction():
        found = records.get(store, record_id)
        model = BY_KIND[found.kind]
        if not model.TOP or model.REFERENCE:
            raise FieldappError(_("Files are attached to what a post records, such as an activity or a meeting."))
        scope = records.writable_scope(store, model)
        if found.row["voided_at"] is not None:
            raise FieldappError(_("This record was voided; it can be read, no longer changed."))
        if found.row["post_id"] != scope:
            raise FieldappError(_("This record belongs to another post. Only that post changes it."))
        there = of_record(store, record_id)
        before = {a.sha256: a.id for a in there}
        if len(before.keys() | {blobs.digest(one.data) for one in given}) > MAX_AT_RECORD:
            raise RecordFull(
                _("A record has at most {n} files. What is beyond that was not attached.").format(n=MAX_AT_RECORD)
            )
        ids: list[str] = []
        put: list[str] = []
        try:
            for one in given:
                sha256 = blobs.digest(one.data)
                put += [] if blobs.is_here(store, sha256) else [sha256]
                blobs.put(store, one.data)
                store.db.execute("DELETE FROM local_file_cleared WHERE sha256 = ?", [sha256])
                if sha256 not in before:
                    of = sort or one.usual_sort
                    before[sha256] = _insert(store, scope, found.kind, record_id, one, sha256, caption, of)
                ids.append(before[sha256])
            for file in there if caption else ():
                if file.id in ids and file.caption is None:
                    set_caption(store, file.id, caption)
        except BaseException:
            for sha256 in put:
                with suppress(OSError):
                    blobs.remove(store, sha256)
            raise
        return ids


class RecordFull(FieldappError):
    """The record has as many files as it may have."""


def add_each(
    store: Store,
    record_id: str,
    paths: Sequence[Path],
    caption: str = "",
    sort: FileSort | None = None,
    *,
    original: bool = False,
    begins: Callable[[int, Path], None] = lambda _number, _path: None,
) -> tuple[list[str], dict[Path, str]]:
    """Attach files one after the other; the ids of their rows, and why the others are refused.

    One bad file does not stop the others. A full record or disk does: for the rest the same would be said, and each
    would be read and made smaller first. ``begins`` is called with the number of each, from 0 on.
    """
    ids: dict[str, None] = {}
    refused: dict[Path, str] = {}
    for number, path in enumerate(paths):
        begins(number, path)
        try:
            ids |= dict.fromkeys(add(store, record_id, [prepare(path, original=original)], caption, sort))
        except (RecordFull, DiskError) as error:
            refused |= dict.fromkeys(paths[number:], str(error))
            break
        except FieldappError as error:
            refused[path] = str(error)
    return [*ids], refused


def refusals_text(refused: Mapping[Path, str], most: int) -> list[str]:
    """The reasons, each once, at most so many; then how many files more are refused."""
    told = list(dict.fromkeys(refused.values()))[:most]
    more = sum(reason not in told for reason in refused.values())
    alike = len(refused) - more - len(told)
    lines = list(told)
    if alike or more:
        lines.append(counted("… and {n} more is refused", "… and {n} more are refused", alike + more))
    return lines


def _insert(
    store: Store, scope: str, kind: str, record_id: str, one: Prepared, sha256: str, caption: str, sort: FileSort
) -> str:
    record = read_record(store, Attachment, {
        "record_kind": kind, "record_id": record_id, "name": one.name, "media_type": one.media_type,
        "size": len(one.data), "sha256": sha256, "caption": _caption(caption), "place": one.place,
        "taken_on": one.taken_on.isoformat() if one.taken_on else None, "sort": sort,
    })  # fmt: skip
    row = {"id": new_id(scope), "post_id": scope, "created_at": wall.instant(), "created_by": store.user}
    row |= columns_of(record)
    names = ", ".join(row)
    store.db.execute(f"INSERT INTO attachment ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    return str(row["id"])


def set_caption(store: Store, attachment_id: str, caption: str) -> None:
    """Give a file another caption: a change like any other."""
    with store.transaction():
        row = _changeable(store, attachment_id)
        store.db.execute("UPDATE attachment SET caption = ? WHERE id = ?", [_caption(caption), row["id"]])


def set_sort(store: Store, attachment_id: str, sort: FileSort) -> None:
    """Say what a file is evidence of: a change like any other."""
    with store.transaction():
        row = _changeable(store, attachment_id)
        store.db.execute("UPDATE attachment SET sort = ? WHERE id = ?", [sort, row["id"]])


def take_out(store: Store, attachment_id: str, reason: str) -> None:
    """Take a file out of its record. It stays in the history, and its bytes stay stored: it may be put back."""
    with store.transaction():
        _changeable(store, attachment_id)
        records.void(store, attachment_id, reason)


def put_back(store: Store, attachment_id: str) -> None:
    """Take it back that a file was taken out."""
    with store.transaction():
        _changeable(store, attachment_id, voided=True)
        store.db.execute("UPDATE attachment SET voided_at = NULL, void_reason = NULL WHERE id = ?", [attachment_id])


def _changeable(store: Store, attachment_id: str, *, voided: bool = False) -> Row:
    row = store.row(
        f"SELECT * FROM attachment WHERE id = ? AND voided_at IS {'NOT' if voided else ''} NULL", [attachment_id]
    )
    if row is None:
        raise FieldappError(_("There is no attached file with the id {id}.").format(id=tidy(attachment_id)))
    if row["post_id"] != records.writable_scope(store, Attachment):
        raise FieldappError(_("This record belongs to another post. Only that post changes it."))
    return row


def _caption(text: str) -> str | None:
    caption = tidy(text) or None
    if caption and len(caption) > lengths.REMARK:
        sentence = _("Too long: at most {n} characters.").format(n=lengths.REMARK)
        raise FieldappError(sentence, {"caption": sentence})
    return caption


def of_record(store: Store, record_id: str, *, voided: bool = False) -> list[Attached]:
    """The files of a record, in the order in which they were attached."""
    return of_records(store, [record_id], voided=voided)


def of_records(store: Store, ids: Collection[str], *, voided: bool = False) -> list[Attached]:
    """The files of some records, in the order in which they were attached; ``voided``: those taken out, too.

    A row of another post's that names one of them is none of its files: only who records adds to a record.
    """
    standing = "" if voided else " AND a.voided_at IS NULL"
    rows = store.rows(
        "SELECT a.*, c.sha256 IS NOT NULL AS cleared, w.sha256 IS NOT NULL AS asked FROM attachment a"
        " LEFT JOIN local_file_cleared c ON c.sha256 = a.sha256 LEFT JOIN local_file_asked w ON w.sha256 = a.sha256"
        f" WHERE a.record_id IN (SELECT value FROM json_each(?)){standing} ORDER BY a.created_at, a.id",
        [json.dumps([*ids])],
    )
    posts: dict[tuple[str, str], str] = {}
    for kind in {row["record_kind"] for row in rows} & BY_KIND.keys():
        if not BY_KIND[kind].REFERENCE:
            for row in store.rows(
                f"SELECT id, post_id FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps([*ids])]
            ):
                posts[kind, row["id"]] = row["post_id"]
    return [
        _attached(store, row) for row in rows if posts.get((row["record_kind"], row["record_id"])) == row["post_id"]
    ]


def counts(store: Store, ids: Collection[str]) -> dict[str, Count]:
    """Record's id -> how many files it has; records without any are left out."""
    rows = store.rows(
        "SELECT record_id, sum(media_type LIKE 'image/%') AS photographs, count(*) AS files FROM attachment"
        " WHERE voided_at IS NULL AND record_id IN (SELECT value FROM json_each(?)) GROUP BY record_id",
        [json.dumps([*ids])],
    )
    return {row["record_id"]: Count(row["photographs"], row["files"] - row["photographs"]) for row in rows}


def any_of_kind(store: Store, kind: str) -> bool:
    """Whether any record of the kind has a file."""
    sql = "SELECT 1 FROM attachment WHERE record_kind = ? AND voided_at IS NULL LIMIT 1"
    return bool(store.cached_until_changed(f"files {kind}", lambda: store.value(sql, [kind]) is not None))


def _attached(store: Store, row: Row) -> Attached:
    here = blobs.is_here(store, row["sha256"])
    lost: FileState = "cleared" if row["cleared"] else "asked" if row["asked"] else "not_arrived"
    state: FileState = "here" if here else lost
    return Attached(
        row["id"],
        row["record_kind"],
        row["record_id"],
        row["name"],
        row["media_type"],
        row["size"],
        row["sha256"],
        row["caption"],
        date.fromisoformat(row["taken_on"]) if row["taken_on"] else None,
        row["place"],
        row["created_at"],
        row["created_by"],
        row["voided_at"] is not None,
        state,
        row["sort"] or usual_sort(row["media_type"]),
    )


def content(store: Store, sha256: str) -> bytes | None:
    """The bytes of a file; None if they are not here. One that is damaged is set aside, and asked for again."""
    try:
        return blobs.get(store, sha256)
    except blobs.DamagedBlob:
        if not store.read_only:
            blobs.set_damaged_aside(store, sha256)
        raise


def thumbnail(store: Store, found: Attached) -> bytes | None:
    """A small JPEG of a photograph, at most 320 pixels wide or high; None for papers, and where there is none.

    It is made when it is first asked for, and stays when the photograph is cleared.
    """
    if not found.is_picture:
        return None
    try:
        made = blobs.get(store, found.sha256, blobs.THUMB)
    except blobs.DamagedBlob:
        made = None
    if made is None and (data := content(store, found.sha256)) is not None:
        made = pictures.thumbnail(data)
        if made is not None and not store.read_only:
            with suppress(DiskError):  # it is made again when it is asked for again
                blobs.put_thumb(store, found.sha256, made)
    return made


def save_all(store: Store, files: Sequence[Attached], folder: Path) -> Iterator[Path]:
    """Write those files that are here into a folder, unencrypted, under names that are free there; their paths, each
    when it is written. DamagedBlob after the others, if one is damaged."""
    damaged: blobs.DamagedBlob | None = None
    for found in files:
        try:
            data = content(store, found.sha256)
        except blobs.DamagedBlob as error:
            damaged, data = error, None
        if data is None:
            continue
        name = out_name(found, data)
        path, number = folder / name, 2
        try:
            while True:
                try:
                    disk.write_new(path, data, 0o600)
                    break
                except FileExistsError:
                    path, number = folder / f"{Path(name).stem} ({number}){Path(name).suffix}", number + 1
        except OSError as error:
            disk.try_remove(path)  # half of it
            why = os_error_text(error)
            raise FieldappError(_("{path} was not written: {why}.").format(path=display_path(path), why=why)) from None
        yield path
    if damaged is not None:
        raise damaged


def out_name(found: Attached, data: bytes) -> str:
    """The name under which a file leaves the program: with the ending of what it is, whatever its row says."""
    return file_content.stored_name(found.name, _type_of(data, found))


def _type_of(data: bytes, found: Attached) -> str:
    """What a content is, whatever the row says of it: that came from another laptop. Empty for what it may not be."""
    path = Path(found.name)
    try:
        media_type = file_content.media_type_of(data, path)
        if media_type not in file_content.PICTURES:
            file_content.check_paper(data, media_type, path)
    except file_content.NotAttachable:
        return ""
    return media_type


def files_in(folder: Path) -> list[Path]:
    """The files in a folder that look like photographs and papers by their names, the newest first.

    For choosing among them: what they are, only ``prepare`` knows. At most MAX_LISTED. FieldappError where the folder
    cannot be read.
    """
    endings = (*file_content.ENDINGS.values(), ".jpeg", ".heic")
    found: list[tuple[float, Path]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(endings) and not entry.name.startswith(".") and disk.is_file(entry):
                    with suppress(FileNotFoundError):  # just deleted
                        found.append((-entry.stat().st_mtime, folder / entry.name))
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=display_path(folder), why=why)) from None
    return [path for _time, path in sorted(found)[:MAX_LISTED]]
