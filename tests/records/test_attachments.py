"""Photographs and papers at a record: attached, listed, taken out; what may not be attached is told in a sentence."""

import json
import os
import threading
from io import BytesIO
from pathlib import Path

import evidence_files as files
import on_windows
import pytest
from field import Run, World
from PIL import Image

from fieldapp.errors import FieldappError
from fieldapp.records import attachments, file_content, history, pictures, records
from fieldapp.store import blobs, disk

HEIC = Path(__file__).parents[1] / "data" / "photo.heic"
"""A small photograph with the name of its device in it"""


def attached(world: World, path: Path, well: str, **more: object) -> attachments.Attached:
    attachments.add(world.post, well, [attachments.prepare(path)], **more)  # type: ignore[arg-type]
    return attachments.of_record(world.post, well)[-1]


def test_a_photograph_is_attached_shown_and_in_the_history(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    photo = files.written(tmp_path / "DCIM", "IMG_0001.JPG", files.jpeg(1, word="Máy của Lan"))
    code, out, err = run("attach", well, photo, "--caption", "giếng đã bàn giao")
    assert (code, err) == (0, "")
    assert "IMG_0001.jpg · giếng đã bàn giao · 05/03/2026 · 12.83333, 107.95000 · 1 kB" in out.replace("“", "").replace(
        "”", ""
    )
    shown = run("show", well, "--history")[1]
    assert "Tệp đính kèm: IMG_0001.jpg · giếng đã bàn giao" in shown
    assert "Ghi mới: Tệp đính kèm IMG_0001.jpg · giếng đã bàn giao" in shown
    document = json.loads(run("show", well, "--json")[1])
    assert [(f["name"], f["state"], f["taken_on"]) for f in document["attachments"]] == [
        ("IMG_0001.jpg", "here", "2026-03-05")
    ]
    steps = history.history(world.post, well)
    assert {s.kind for s in steps} >= {"activity", "attachment"}


def test_what_the_camera_wrote_about_people_and_devices_is_taken_away(world: World, tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.jpg", files.jpeg(1, word="IPHONE-CUA-LAN"))
    for data in (path.read_bytes(), attachments.prepare(path, original=True).data):
        assert b"IPHONE-CUA-LAN" in data
    made = attachments.prepare(path)
    assert b"IPHONE" not in made.data
    assert "IPHONE-CUA-LAN".encode("utf-16-le") not in made.data
    assert dict(Image.open(BytesIO(made.data)).getexif()) == {}
    assert (made.taken_on.isoformat(), made.place) == ("2026-03-05", "12.83333, 107.95000")  # type: ignore[union-attr]


@pytest.mark.parametrize("day", [b"2126:03:05", b"1970:01:01", b"0000:00:00"])
def test_a_day_of_a_camera_whose_clock_is_wrong_is_not_kept(tmp_path: Path, day: bytes) -> None:
    data = files.jpeg(1, word="X").replace(b"2026:03:05", day)
    assert attachments.prepare(files.written(tmp_path, "a.jpg", data)).taken_on is None


@pytest.mark.parametrize(("orientation", "upright"), [(1, (64, 48)), (6, (48, 64)), (8, (48, 64)), (3, (64, 48))])
def test_a_photograph_stands_upright(tmp_path: Path, orientation: int, upright: tuple[int, int]) -> None:
    path = files.written(tmp_path, "a.jpg", files.jpeg(1, orientation=orientation))
    assert Image.open(BytesIO(attachments.prepare(path).data)).size == upright


def test_a_large_photograph_becomes_a_sensible_one(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.jpg", files.noise((2400, 1600)))
    assert path.stat().st_size > 1_000_000
    made = attachments.prepare(path)
    assert max(Image.open(BytesIO(made.data)).size) == pictures.LONGEST
    assert len(made.data) < path.stat().st_size / 4
    assert attachments.prepare(path, original=True).data == path.read_bytes()


def test_a_scan_of_sixteen_bits_keeps_its_greys() -> None:
    """Decoded as it lies there, all but black would become white."""
    rows, stored = (b"\0\0" * 50 + (32_000).to_bytes(2, "little") * 50) * 100, BytesIO()
    Image.frombytes("I;16", (100, 100), rows).save(stored, "PNG")
    for made in (pictures.prepare(stored.getvalue(), Path("a.png")).data, pictures.thumbnail(stored.getvalue())):
        assert made is not None
        shown = Image.open(BytesIO(made)).convert("L")
        assert [abs(shown.getpixel((x, 50)) - grey) < 4 for x, grey in ((20, 0), (80, 125))] == [True, True]  # type: ignore[operator]


def test_a_photograph_of_an_iphone_becomes_a_jpeg(tmp_path: Path) -> None:
    path = files.written(tmp_path, "IMG_0001.HEIC", HEIC.read_bytes())
    made = attachments.prepare(path)
    image = Image.open(BytesIO(made.data))
    assert (made.name, made.media_type, image.format, image.size) == ("IMG_0001.jpg", "image/jpeg", "JPEG", (64, 48))
    assert str(made.taken_on) == "2026-03-05" and b"IPHONE" not in made.data
    with pytest.raises(FieldappError, match="không có --original"):
        attachments.prepare(path, original=True)


REFUSED = {
    "empty.jpg": (b"", "rỗng"),
    "text.jpg": (b"day la van ban", "không phải ảnh"),
    "program.pdf": (b"MZ\x90\0" + bytes(200), "không phải ảnh"),
    "bomb.png": (files.png_bomb(), "quá nhiều điểm ảnh"),
    "bomb.jpg": (files.jpeg_bomb(), "quá nhiều điểm ảnh"),
    "ribbon.jpg": (files.jpeg_bomb(65_500, 2_500), "quá nhiều điểm ảnh"),
    "cut.jpg": (files.noise((400, 300))[:5000], "thiếu hoặc bị hỏng"),
    "cut.png": (files.png(1, (300, 300))[:400], "thiếu hoặc bị hỏng"),
    "script.pdf": (files.pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> "), "mã lệnh"),
    "escaped.pdf": (files.pdf(b"/OpenAction << /S /J#61vaScript >> "), "mã lệnh"),
    "sound.pdf": (files.pdf(b"/A << /S /Rendition /JS (app.alert(1)) >> "), "mã lệnh"),
    "form.pdf": (files.pdf(b"/AcroForm << /XFA[3 0 R] >> "), "mã lệnh"),
    "hidden.pdf": (files.pdf_with_hidden_script(), "mã lệnh"),
    "long.pdf": (files.pdf(bytes(65_519) + b"/OpenAction << /S /J#61vaScript >> "), "mã lệnh"),
    "hang.pdf": (files.pdf(b"/ObjStm stream\n" * 3_000), "bung ra"),
    "locked.pdf": (files.pdf(b"/Encrypt 5 0 R "), "mật khẩu"),
    "cut.pdf": (files.pdf()[:-8], "thiếu hoặc bị hỏng"),
    "macro.docx": (files.docx(word__vbaProject_bin=b"x"), "mã lệnh"),
    "bomb.docx": (files.docx(word__x_xml=bytes(120_000_000)), "bung ra"),
    "cut.docx": (files.docx()[:-30], "thiếu hoặc bị hỏng"),
    "cut.heic": (HEIC.read_bytes()[:400], "thiếu hoặc bị hỏng"),
    "film.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0" + bytes(50), "không phải ảnh"),
    "sheet.docx": (b"PK\x03\x04" + bytes(100), "không phải ảnh"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_attached_is_refused_by_its_content(world: World, run: Run, tmp_path: Path, name: str) -> None:
    data, said = REFUSED[name]
    well = world.well()
    code, out, err = run("attach", well, files.written(tmp_path, name, data))
    assert (code, out) == (1, "")
    assert said in err and name in err
    assert attachments.of_record(world.post, well) == []
    assert list(blobs.sealed_files(world.post.home)) == []


@pytest.mark.parametrize(
    "data",
    [files.jpeg(), files.png(), files.pdf(), files.scan(), files.docx()],
    ids=["jpeg", "png", "pdf", "scan", "docx"],
)
def test_what_is_right_is_attached_whatever_it_is_called(world: World, tmp_path: Path, data: bytes) -> None:
    well = world.well()
    found = attached(world, files.written(tmp_path, "tờ khai.exe", data), well)
    assert found.name.startswith("tờ khai.exe.")
    assert found.media_type in (file_content.JPEG, file_content.PNG, file_content.PDF, file_content.DOCX)
    assert attachments.content(world.post, found.sha256)


def test_one_bad_file_does_not_stop_the_others(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    paths = [files.written(tmp_path, f"{n}.jpg", files.jpeg(n)) for n in range(3)]
    bad = files.written(tmp_path, "x.jpg", b"no picture")
    code, out, err = run("attach", well, paths[0], bad, paths[1], tmp_path, paths[2])
    assert code == 3
    assert len(out.splitlines()) == 3
    assert "x.jpg" in err and "là thư mục" in err


def test_a_far_too_large_file_is_not_read(world: World, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "film.jpg"
    with path.open("wb") as file:
        file.write(files.jpeg())
        file.truncate(5 << 30)  # sparse: beyond what FAT32 holds
    code, _out, err = run("attach", world.well(), path)
    assert code == 1 and "5.369 MB" in err and "tối đa 60 MB" in err


@on_windows.PERMISSIONS
def test_what_is_no_file_is_refused_at_once(world: World, run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    code, _out, err = run("attach", world.well(), tmp_path / "pipe.jpg")
    assert code == 1 and "không phải tệp" in err


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.written(tmp_path, "a.jpg", files.jpeg())
    real, opened = Path.open, list[int]()

    def growing(self: Path, *args: object, **more: object) -> object:
        if self == path and not opened:
            opened.append(1)
            with real(path, "ab") as file:
                file.write(b"more")
        return real(self, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", growing)
    with pytest.raises(FieldappError, match="bị thay đổi trong lúc đọc"):
        attachments.prepare(path)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\Lan\\a.jpeg", "a.jpg"),
        ("ảnh\n\x1b[31mđỏ\x07.jpg", "ảnh [31mđỏ.jpg"),
        ("a" * 300 + ".jpg", "a" * 115 + ".jpg"),
        (".jpg", "tệp.jpg"),
        ("", "tệp.jpg"),
        ("a:b?.png", "a_b_.jpg"),
        ("giếng\u202egnp.jpg", "giếnggnp.jpg"),
        ("anh\udcff.jpg", "anh_.jpg"),
        ("con.PNG", "_con.jpg"),
        ("ữ" * 115 + ".jpg", "ữ" * 76 + ".jpg"),
    ],
)
def test_a_name_is_one_clean_line_with_the_ending_of_its_content(given: str, stored: str) -> None:
    assert file_content.stored_name(given, file_content.JPEG) == stored


def test_the_same_file_is_stored_once_and_at_a_record_once(world: World, tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.jpg", files.jpeg())
    first, second = world.well(), world.well(date_from="2014-01-01")
    for well in (first, first, second):
        attachments.add(world.post, well, [attachments.prepare(path)])
    assert [len(attachments.of_record(world.post, well)) for well in (first, second)] == [1, 1]
    assert len(list(blobs.sealed_files(world.post.home))) == 1
    assert attachments.counts(world.post, [first, second]) == dict.fromkeys([first, second], attachments.Count(1))


def test_what_is_said_of_a_file_that_is_there_already_is_not_dropped_silently(
    world: World, run: Run, tmp_path: Path
) -> None:
    well, file = world.well(), files.written(tmp_path, "giếng.jpg", files.jpeg(1))
    run("attach", well, file)
    _code, out, err = run("attach", well, file, "--caption", "Ngày bàn giao")
    assert "Ngày bàn giao" in out and err == ""
    _code, out, err = run("attach", well, file, "--caption", "Khác")
    assert "Ngày bàn giao" in out and "đã có ở bản ghi này" in err and "giữ nguyên" in err
    _code, out, err = run("attach", well, file)
    assert err == ""


def test_a_file_is_taken_out_and_put_back_and_its_caption_corrected(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    found = attached(world, files.written(tmp_path, "a.jpg", files.jpeg()), well, caption="giêng")
    attachments.set_caption(world.post, found.id, "giếng")
    assert run("void", found.id, "--reason", "nhầm ảnh")[0] == 0
    assert attachments.of_record(world.post, well) == []
    assert [a.voided for a in attachments.of_record(world.post, well, voided=True)] == [True]
    lines = run("show", well, "--history")[1]
    assert "giêng → giếng" in lines and "nhầm ảnh" not in lines.splitlines()[0]
    attachments.put_back(world.post, found.id)
    assert [a.caption for a in attachments.of_record(world.post, well)] == ["giếng"]


def test_headquarters_voided_records_and_lines_take_no_files(world: World, tmp_path: Path) -> None:
    one = [attachments.prepare(files.written(tmp_path, "a.jpg", files.jpeg()))]
    well = world.well()
    line = world.post.value("SELECT id FROM activity_measure WHERE activity_id = ?", [well])
    cell = world.post.value("SELECT id FROM party_cell")
    world.carry(world.post, world.hq)
    for store, record in ((world.hq, well), (world.post, line), (world.post, cell), (world.post, "x")):
        with pytest.raises(FieldappError):
            attachments.add(store, record, one)
    records.void(world.post, well, "nhầm")
    with pytest.raises(FieldappError):
        attachments.add(world.post, well, one)
    assert list(blobs.sealed_files(world.post.home)) == []


def test_too_many_files_at_one_record_are_refused_as_a_whole(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MAX_AT_RECORD", 2)
    some = [attachments.prepare(files.written(tmp_path, f"{n}.jpg", files.jpeg(n))) for n in range(3)]
    well = world.well()
    with pytest.raises(FieldappError, match="tối đa 2 tệp"):
        attachments.add(world.post, well, some)
    assert attachments.of_record(world.post, well) == []


def test_what_does_not_end_with_one_file_is_said_once_and_no_further_file_is_read(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone's folder with ten thousand photographs, at a record that takes two hundred; or a disk that is full."""
    monkeypatch.setattr(attachments, "MAX_AT_RECORD", 2)
    paths = [files.written(tmp_path, f"{n}.jpg", files.jpeg(n)) for n in range(30)]
    read: list[Path] = []
    read_one = file_content.read

    def reading(path: Path) -> bytes:
        read.append(path)
        return read_one(path)

    with monkeypatch.context() as patched:
        patched.setattr(file_content, "read", reading)
        code, out, said = run("attach", world.well(), *paths)
    assert (code, len(out.splitlines()), len(read)) == (3, 2, 3)
    assert said.splitlines() == [
        "Mỗi bản ghi có tối đa 2 tệp. Phần vượt quá chưa được đính kèm.", "… và 27 tệp nữa không nhận"]  # fmt: skip


def test_one_file_under_many_names_is_told_once(world: World, run: Run, tmp_path: Path) -> None:
    paths = [files.written(tmp_path, f"{n}.jpg", files.jpeg(1)) for n in range(3)]
    assert len(run("attach", world.well(), *paths)[1].splitlines()) == 1


def test_a_folder_that_is_named_by_a_dot_and_a_link_to_itself_are_told(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("attach", world.well(), ".")[2] == ". là thư mục. Hãy nêu tên các tệp trong đó.\n"
    try:
        (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    except OSError:  # Windows: only some may
        return
    assert "liên kết này trỏ về chính nó" in run("attach", world.well(), tmp_path / "a.jpg")[2]
    photo = files.written(tmp_path, "b.jpg", files.jpeg(1))
    assert attachments.files_in(tmp_path) == [photo], "the others are listed"


def test_a_disk_that_is_full_half_way_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [attachments.prepare(files.written(tmp_path, f"{n}.jpg", files.jpeg(n))) for n in range(3)]
    well, real, wrote = world.well(), disk.write_new, []

    def full(path: Path, data: bytes, mode: int) -> None:
        wrote.append(path)
        if len(wrote) == 3:
            path.write_bytes(data[:100])
            raise OSError(28, "No space left on device")
        real(path, data, mode)

    monkeypatch.setattr(disk, "write_new", full)
    with pytest.raises(FieldappError, match="đầy"):
        attachments.add(world.post, well, some)
    assert attachments.of_record(world.post, well) == []
    assert [p for p in (world.post.home / "files").rglob("*") if p.is_file()] == []


def test_a_kill_between_the_file_and_its_row_leaves_a_sealed_file_for_the_next_attempt(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed runs no handler: what it had written stays, and is named by the next attempt."""
    one = [attachments.prepare(files.written(tmp_path, "a.jpg", files.jpeg()))]
    well = world.well()
    with monkeypatch.context() as patched:
        patched.setattr(blobs, "remove", lambda *_args: None)
        patched.setattr(attachments, "_insert", _killed)
        with pytest.raises(KeyboardInterrupt):
            attachments.add(world.post, well, one)
    assert attachments.of_record(world.post, well) == []
    assert len(list(blobs.sealed_files(world.post.home))) == 1
    attachments.add(world.post, well, one)
    assert len(list(blobs.sealed_files(world.post.home))) == 1
    assert attachments.of_record(world.post, well)[0].state == "here"


def _killed(*_args: object) -> str:
    raise KeyboardInterrupt


def test_a_flipped_bit_is_told_and_the_file_counts_as_not_arrived(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    found = attached(world, files.written(tmp_path, "a.jpg", files.jpeg()), well)
    sealed = next(blobs.sealed_files(world.post.home))
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    code, out, _err = run("doctor")
    assert code == 1 and "Bị hỏng: tệp a.jpg" in out
    with pytest.raises(FieldappError, match="bị hỏng"):
        attachments.content(world.post, found.sha256)
    assert run("doctor")[0] == 0
    assert attachments.of_record(world.post, well)[0].state == "not_arrived"
    assert "ảnh chưa đến" in run("show", well)[1]
    attached(world, tmp_path / "a.jpg", well)
    assert attachments.of_record(world.post, well)[0].state == "here"


def test_a_small_picture_is_made_once(world: World, tmp_path: Path) -> None:
    well = world.well()
    found = attached(world, files.written(tmp_path, "a.jpg", files.noise((800, 600))), well)
    small = attachments.thumbnail(world.post, found)
    assert small is not None
    assert Image.open(BytesIO(small)).size == (320, 240)
    blobs.remove(world.post, found.sha256)
    assert attachments.thumbnail(world.post, found) == small
    paper = attached(world, files.written(tmp_path, "a.pdf", files.pdf()), well)
    assert attachments.thumbnail(world.post, paper) is None


def test_files_are_written_out_under_clean_names(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    photos = [files.written(tmp_path / str(n), "a.jpg", files.jpeg(n)) for n in range(2)]
    assert run("attach", well, *photos, "--original")[0] == 0
    (tmp_path / "out").mkdir()
    code, out, _err = run("attached", well, "--save", tmp_path / "out")
    assert code == 0 and len(out.splitlines()) == 2
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        "a.jpg": photos[0].read_bytes(),
        "a (2).jpg": photos[1].read_bytes(),
    }


def test_a_damaged_file_does_not_keep_the_others_from_being_written_out(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = world.well()
    assert run("attach", well, *(files.written(tmp_path, f"{n}.jpg", files.jpeg(n)) for n in range(3)))[0] == 0
    sealed = blobs.path_of(world.post, attachments.of_record(world.post, well)[0].sha256)
    sealed.write_bytes(sealed.read_bytes()[:-3])
    (tmp_path / "out").mkdir()
    code, _out, err = run("attached", well, "--save", tmp_path / "out")
    assert (code, {p.name for p in (tmp_path / "out").iterdir()}) == (1, {"1.jpg", "2.jpg"})
    assert "bị hỏng" in err

    def full(path: Path, data: bytes, _mode: int) -> None:
        path.write_bytes(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write_new", full)
    (tmp_path / "full").mkdir()
    assert run("attached", well, "--save", tmp_path / "full")[0] == 1
    assert list((tmp_path / "full").iterdir()) == []


def test_of_a_folder_with_very_many_files_the_newest_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MAX_LISTED", 3)
    for number in range(6):
        path = files.written(tmp_path, f"{number}.JPG", b"x")
        os.utime(path, (number, number))
    files.written(tmp_path, "song.mp3", b"x")
    assert [p.name for p in attachments.files_in(tmp_path)] == ["5.JPG", "4.JPG", "3.JPG"]


def test_two_windows_attach_the_same_file_at_once(world: World, tmp_path: Path) -> None:
    well = world.well()
    one = [attachments.prepare(files.written(tmp_path, "a.jpg", files.jpeg()))]
    failed: list[BaseException] = []

    def attach() -> None:
        try:
            with world.post.reopen() as store:
                attachments.add(store, well, one)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=attach) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(attachments.of_record(world.post, well)) == 1
