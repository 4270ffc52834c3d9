"""A thief with the laptop, the stick, the temporary files or the backups reads nothing of what was recorded.

Marked words stand in every text field of every kind, in drafts and in what goes wrong; then every file is searched for
them, in each form in which text lies in files.
"""

import base64
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evidence_files
import on_windows
import pytest
import uuid_utils
from field import PASSPHRASE, Run, World
from screen_driver import at_post

from fieldapp.crash import log_crash
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records import attachments, lists, search_index
from fieldapp.store import people, wall
from fieldapp.store.store import Store
from fieldapp.sync.peers import recovery
from fieldapp.sync.safety import backup
from fieldapp.vietnamese.text import search_key

FIELD = "Đườngmònqzx"
"""In what a post records"""
REFERENCE = "Rẫycàphêqzx"
"""In headquarters' reference data"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's own folder for temporary files, and its own home."""
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    for name in ("TMPDIR", "TMP", "TEMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def value(store: Store, shape: FieldShape, word: str) -> Any:
    if shape.ref is not None:
        return store.value(f"SELECT id FROM {shape.ref} ORDER BY created_at DESC, id DESC LIMIT 1")
    if shape.choices:
        return shape.choices[0]
    if shape.name == "code":
        return f"QZX{uuid_utils.uuid4().hex[:6]}"
    return {"text": word, "long": word, "date": "2013-11-05", "integer": 1, "year": 2013, "boolean": 0}[shape.type]


def mark(store: Store, models: list[type[Record]], word: str) -> int:
    """One row of each kind, the word in every text field; returns how many fields hold it."""
    marked = 0
    for model in models:
        row = {shape.name: value(store, shape, word) for shape in fields_of(model)}
        marked += sum(v == word for v in row.values())
        row |= {"id": str(uuid_utils.uuid7()), "created_at": wall.instant(), "created_by": store.user}
        if not model.REFERENCE:
            row |= {"post_id": store.identity.post_id, "confirmed": word, "voided_at": None, "void_reason": word}
            marked += 2
        with store.transaction():
            names = ", ".join(row)
            store.db.execute(
                f"INSERT INTO {model.KIND} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
    search_index.reindex(store)
    return marked


def forms(word: str) -> Iterator[bytes]:
    """A word as it may lie in a file: each encoding, composed and not, as search key, and in base64 at any place."""
    texts = {word, unicodedata.normalize("NFD", word), word.casefold(), word.upper(), search_key(word)}
    for text in texts:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-7"):
            plain = text.encode(encoding)
            yield plain
            for shift in range(3):  # base64 depends on where in three bytes the word begins
                coded = base64.b64encode(b"\0" * shift + plain)
                yield coded[(0, 2, 3)[shift] : -4]
        yield text.encode("unicode_escape")


def test_the_search_finds_what_lies_open(tmp_path: Path) -> None:
    """The test of the test: a word written in each of these ways is found."""
    sentence = f"Ngày 5, {FIELD} ở buôn"
    for number, data in enumerate(
        [
            sentence.encode(),
            sentence.encode("utf-16"),
            unicodedata.normalize("NFD", sentence).encode(),
            *(base64.b64encode(b"x" * shift + sentence.encode()) for shift in range(3)),
            *(base64.b64encode(b"x" * shift + sentence.encode("utf-16-le")) for shift in range(3)),
            search_key(sentence).encode(),
        ]
    ):
        (tmp_path / str(number)).write_bytes(data)
    assert len(found(tmp_path, FIELD)) == 10


def found(folder: Path, word: str) -> list[Path]:
    patterns = [p for p in forms(word) if len(p) > 8]
    files = [p for p in folder.rglob("*") if p.is_file()]
    return sorted(f for f in files if any(p in f.read_bytes() for p in patterns))


async def use_the_screen(world: World) -> None:
    """A form that is left open, as it is when the program is quit."""
    async with at_post(world) as s:
        await s.press("ctrl+p", "ghi dang vien", "enter", FIELD, "enter", FIELD)
        s.app.screen.keep()  # type: ignore[attr-defined]
        assert FIELD in s.text


def attach_both(world: World, photo: Path, paper: Path) -> None:
    """Files with the word in their names, captions, EXIF and content, as they came and made small."""
    well = world.well()
    given = [attachments.prepare(photo), attachments.prepare(photo, original=True), attachments.prepare(paper)]
    attachments.add(world.post, well, given, FIELD)
    found = attachments.of_record(world.post, well)
    assert FIELD.encode() in (attachments.content(world.post, found[1].sha256) or b"")
    assert FIELD.encode() in (attachments.content(world.post, found[2].sha256) or b"")
    assert attachments.thumbnail(world.post, found[1])
    photo.unlink()
    paper.unlink()


async def test_marked_words_are_readable_nowhere(world: World, run: Run, temporary: Path, spared: None) -> None:
    people.change_passphrase(world.post, PASSPHRASE)
    reference = [m for m in RECORDS if m.REFERENCE]
    field = [m for m in RECORDS if not m.REFERENCE]
    assert mark(world.hq, reference, REFERENCE) > 10
    world.carry(world.hq, world.post)
    assert mark(world.post, field, FIELD) > 60
    photo = evidence_files.written(world.root / "phone", f"{FIELD}.jpg", evidence_files.jpeg(word=FIELD))
    paper = evidence_files.written(world.root / "phone", f"{FIELD}.pdf", evidence_files.pdf(f"({FIELD})".encode()))
    attach_both(world, photo, paper)
    world.post.save_draft(str(uuid_utils.uuid7()), "event", None, {"name": FIELD})
    world.post.set_setting("a_setting", FIELD)
    people.add_person(world.post, FIELD, "mưa đầu mùa", people.Role.RECORDER)
    await use_the_screen(world)
    assert run("sync", "export", world.usb)[0] == 1  # two people: who?
    code, out, err = run("--user", world.post.user, "sync", "export", world.usb)
    assert code == 0, out + err
    assert run("sync", "import", world.usb, home="hq")[0] == 0
    assert run("sync", "export", world.usb, home="hq")[0] == 0
    assert run("--user", world.post.user, "sync", "import", world.usb)[0] == 0
    assert FIELD in run("list", "event", home="hq")[1]
    backup.write_backup(world.post, temporary / "tmp")
    backup.daily_backup(world.post)
    backup.backup_to_stick(world.post, world.usb)
    recovery.request(world.root / "post", world.post.user, "mưa đầu mùa", world.usb)
    try:
        lists.record_window(world.post, FIELD)
    except Exception as error:
        log_crash(error, world.root / "post")
    assert (world.root / "post" / "fieldapp.log").exists()
    hits = [p for p in found(temporary, FIELD) if p.name != "stdin.json"]
    # a user's name is on the first screen, before any passphrase: it names his key file
    assert [p for p in hits if p.parent.name != "keys"] == []
    assert found(temporary, REFERENCE) == []


@on_windows.PERMISSIONS
def test_files_are_for_their_owner_alone(world: World, spared: None) -> None:
    photo = attachments.Prepared("a.jpg", "image/jpeg", evidence_files.jpeg())
    attachments.add(world.post, world.well(), [photo])
    people.change_passphrase(world.post, PASSPHRASE)
    backup.daily_backup(world.post)
    log_crash(ValueError("x"), world.root / "post")
    with world.post.transaction():
        files = [p for p in (world.root / "post").rglob("*") if p.is_file()]
        assert {p.name for p in files} >= {"fieldapp.db", "fieldapp.db-wal", "fieldapp.db-shm", "fieldapp.log"}
        assert {oct(p.stat().st_mode & 0o777) for p in files} == {"0o600"}
    folders = [world.root / "post", *(p for p in (world.root / "post").rglob("*") if p.is_dir())]
    assert {oct(p.stat().st_mode & 0o777) for p in folders} == {"0o700"}
