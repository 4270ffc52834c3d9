"""Photographs and papers on the screen: attached, seen, given captions, taken out; nothing typed is lost."""

import os
import stat
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import evidence_files as files
import on_windows
import pytest
from field import World
from PIL import Image
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp import replica
from fieldapp.errors import FieldappError
from fieldapp.records import attachments, from_photograph, opened, records
from fieldapp.store import blobs
from fieldapp.sync.exchange import file_space
from fieldapp.sync.format import drives
from fieldapp.tui import files as fieldapp_files
from fieldapp.tui import second_press
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.attach_files import AttachScreen
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.forms import open_form
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.record_files import RecordFilesScreen
from fieldapp.tui.screens.review_list import ReviewListScreen
from fieldapp.tui.widgets.picture import Picture
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.tui.widgets.text_field import TextField


@pytest.fixture(autouse=True)
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone that is plugged in, with three photographs; at home lies a scanned paper."""
    drive = tmp_path / "PHONE"
    for number in range(3):
        files.written(drive / "DCIM" / "Camera", f"IMG_{number}.jpg", files.jpeg(number, word="x"))
    files.written(tmp_path / "home" / "Documents", "bien ban.pdf", files.pdf())
    monkeypatch.setattr(drives, "drives", lambda: [drives.Drive(drive, "PHONE", 10**9, 0)])
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return drive


def sha256(world: World) -> str:
    return str(world.post.value("SELECT sha256 FROM attachment"))


async def settled(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys, wait for the work of threads; what the screen then says."""
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return said(pilot)


def said(pilot: Pilot[Any], where: str = "#said") -> str:
    return " ".join(str(shown.render()) for shown in pilot.app.screen.query(where).results(Static))


def lines(pilot: Pilot[Any]) -> list[str]:
    return [str(option.prompt).splitlines()[0].strip() for option in pilot.app.screen.query_one(OptionList).options]


def field(pilot: Pilot[Any], id: str) -> TextField:
    return pilot.app.screen.query_one(id, TextField)


async def test_photographs_of_a_phone_are_marked_and_attached_with_a_caption(world: World) -> None:
    well = world.well()
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordScreen(well))
        await settled(pilot, "f7")
        assert isinstance(app.screen, RecordFilesScreen)
        assert "F2" in said(pilot, "#about")
        await settled(pilot, "f2")
        assert isinstance(app.screen, AttachScreen)
        assert sorted(lines(pilot)) == ["IMG_0.jpg", "IMG_1.jpg", "IMG_2.jpg", "bien ban.pdf"]
        assert lines(pilot)[3] == "bien ban.pdf"  # the phone's come first
        assert "05/03/2026" in said(pilot, "#about")
        assert "12.83333, 107.95000" in said(pilot, "#about")
        assert "bản ghi đề ngày" in said(pilot, "#about")  # another day: the entry may be mended
        await settled(pilot, "space", "space", "tab", "tab")
        field(pilot, "#caption").value = "bàn giao giếng"
        assert await settled(pilot, "f2") == "✓ Đã đính kèm 2 tệp."
        assert isinstance(app.screen, RecordFilesScreen)
        assert len(lines(pilot)) == 2
    found = attachments.of_record(world.post, well)
    assert [(a.caption, str(a.taken_on), a.state) for a in found] == [("bàn giao giếng", "2026-03-05", "here")] * 2


async def test_one_bad_file_does_not_stop_the_others_and_stays_with_what_was_typed(world: World, phone: Path) -> None:
    well = world.well()
    files.written(phone / "xem", "a.jpg", files.jpeg(7))
    files.written(phone / "xem", "a (1).jpg", files.jpeg(7))  # the same once more: told as one
    files.written(phone / "xem", "hong.jpg", files.jpeg(8)[:90])
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(AttachScreen(well))
        await settled(pilot)
        field(pilot, "#path").focus()
        field(pilot, "#path").value = str(phone / "khong-co")
        assert "khong-co" in await settled(pilot, "enter")
        assert field(pilot, "#path").value == str(phone / "khong-co")
        field(pilot, "#path").value = str(phone / "xem")
        await settled(pilot, "enter")
        assert sorted(lines(pilot)) == ["a (1).jpg", "a.jpg", "hong.jpg"]
        app.screen.query_one(OptionList).highlighted = lines(pilot).index("hong.jpg")
        await settled(pilot)
        assert "! hong.jpg" in said(pilot, "#about")
        field(pilot, "#caption").value = "hai ảnh"
        told = await settled(pilot, "f6", "f2")
        assert "✓ Đã đính kèm 1 tệp." in told
        assert "! hong.jpg" in told
        assert lines(pilot) == ["■ hong.jpg"]
        assert field(pilot, "#caption").value == "hai ảnh"
        assert app.screen.unkept  # type: ignore[attr-defined]
    assert len(attachments.of_record(world.post, well)) == 1


async def test_a_caption_is_changed_and_a_file_taken_out_after_a_question(world: World, phone: Path) -> None:
    well = world.well()
    photo = phone / "DCIM" / "Camera" / "IMG_1.jpg"
    attachments.add(world.post, well, [attachments.prepare(photo)], "chưa rõ")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot, "tab")
        field(pilot, "#caption").value = "x" * 3000
        assert "Quá dài" in await settled(pilot, "escape")
        assert len(field(pilot, "#caption").value) == 3000  # and the screen is not left
        field(pilot, "#caption").value = "giếng số 6"
        await settled(pilot, "escape")
        assert attachments.of_record(world.post, well)[0].caption == "giếng số 6"
        await settled(pilot, "delete")
        assert "IMG_1.jpg" in said(pilot, "#why")
        await settled(pilot, "escape", "delete")
        assert len(lines(pilot)) == 1
        field(pilot, "#reason").value = "nhầm ảnh"
        assert "Đã bỏ IMG_1.jpg ra" in await settled(pilot, "enter")
    assert attachments.of_record(world.post, well) == []
    assert attachments.of_record(world.post, well, voided=True)[0].voided


async def test_headquarters_sees_what_has_not_arrived_and_changes_nothing(world: World, phone: Path) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_0.jpg")])
    world.carry(world.post, world.hq)
    blobs.remove(world.hq, sha256(world))
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordScreen(well))
        await settled(pilot, "f7")
        assert lines(pilot) == ["IMG_0.jpg"]
        assert "ảnh chưa đến" in said(pilot, "#about")
        assert "ảnh chưa đến" in await settled(pilot, "enter")
        for keys in (["f2"], ["delete"]):
            await settled(pilot, *keys)
            assert isinstance(app.screen, RecordFilesScreen)
            assert not said(pilot, "#why")


async def test_a_photograph_is_seen_in_any_terminal(world: World, phone: Path) -> None:
    well = world.well()
    whole = phone / "whole.png"
    Image.new("RGB", (400, 300), (200, 30, 30)).save(whole)
    attachments.add(world.post, well, [attachments.prepare(whole)])
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        picture = app.screen.query_one(Picture)
        for colours in (ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR):
            app.console._color_system = colours
            picture.show(None)
            await settled(pilot)
            assert not blocks(picture)
            app.screen.renew()  # type: ignore[attr-defined]
            await settled(pilot)
            assert len(blocks(picture)) >= picture.size.width * 8
            seen = {tuple(segment.style.color.triplet) for segment in blocks(picture)}  # type: ignore[union-attr,arg-type]
            assert (seen == {(170, 0, 0)}) == (colours == ColorSystem.STANDARD)


def blocks(picture: Picture) -> list[Segment]:
    drawn = [picture.render_line(y) for y in range(picture.size.height)]
    assert {strip.cell_length for strip in drawn} == {picture.size.width}
    return [segment for strip in drawn for segment in strip if segment.text in "▀▄█"]


async def test_what_is_left_open_is_kept_when_the_screen_is_locked(world: World, phone: Path) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_2.jpg")])
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot, "tab")
        field(pilot, "#caption").value = "trước giờ khóa"
        await settled(pilot, "ctrl+l")
    assert attachments.of_record(world.post, well)[0].caption == "trước giờ khóa"


def test_of_a_phone_with_very_many_photographs_only_some_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_LISTED", 2)
    assert len(fieldapp_files.photographs_and_papers()) == 2


async def test_a_voided_record_takes_no_files(world: World) -> None:
    well = world.well()
    records.void(world.post, well, "ghi trùng")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordScreen(well))
        await settled(pilot, "f7")
        assert isinstance(app.screen, RecordScreen)


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What the system's program was asked to open."""
    asked: list[Path] = []
    monkeypatch.setattr(opened, "_starter", lambda: "viewer")
    monkeypatch.setattr(opened, "_start", lambda _starter, path: asked.append(path))
    times = iter(range(0, 1000, 2))
    monkeypatch.setattr(second_press, "now", lambda: float(next(times)))
    return asked


async def test_a_file_is_opened_outside_after_a_question_and_wiped_on_leaving(
    world: World, phone: Path, viewer: list[Path]
) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_2.jpg")])
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        for leave in ("escape", "ctrl+l"):
            assert "không mã hóa" in await settled(pilot, "enter")
            assert len(viewer) == (leave == "ctrl+l")
            await settled(pilot, "enter")
            folder = viewer[-1].parent
            assert viewer[-1].name == "IMG_2.jpg"
            assert viewer[-1].read_bytes().startswith(b"\xff\xd8\xff")
            if os.name == "posix":
                assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, viewer[-1])] == [0o700, 0o600]
            await settled(pilot, leave)
            assert not folder.exists()
            if leave == "escape":
                app.push_screen(RecordFilesScreen(well))
                await settled(pilot)


def test_what_a_killed_program_left_open_is_wiped_at_the_next_start(
    world: World, phone: Path, viewer: list[Path]
) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_2.jpg")])
    opened.open_file(world.post, attachments.of_record(world.post, well)[0])
    assert viewer[0].exists()
    assert any("không mã hóa" in line for line in replica.notices_at_start(world.post))
    assert not (world.root / "post" / opened.FOLDER).exists()
    assert not any("không mã hóa" in line for line in replica.notices_at_start(world.post))


def test_without_windows_nothing_is_written_out(world: World, phone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_2.jpg")])
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(FieldappError, match="--save"):
        opened.open_file(world.post, attachments.of_record(world.post, well)[0])
    assert not (world.root / "post" / opened.FOLDER).exists()


async def test_in_a_browser_it_goes_there_and_not_onto_the_screen_of_the_server(
    world: World, phone: Path, viewer: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_2.jpg")])
    app = FieldApp(world.root / "post", world.post.reopen(), read_only=True)
    sent: list[tuple[str, bytes]] = []
    monkeypatch.setattr(FieldApp, "is_web", True)
    monkeypatch.setattr(
        FieldApp, "deliver_binary", lambda _app, data, save_filename, **_more: sent.append((save_filename, data.read()))
    )
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        assert "trình duyệt" in await settled(pilot, "enter")
        await settled(pilot, "enter")
    assert [(name, data[:3]) for name, data in sent] == [("IMG_2.jpg", b"\xff\xd8\xff")]
    assert viewer == []


async def test_the_number_of_files_stands_beside_the_record(world: World, phone: Path) -> None:
    well = world.well()
    photos = [attachments.prepare(phone / "DCIM" / "Camera" / f"IMG_{number}.jpg") for number in range(2)]
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ListScreen("activity"))
        await settled(pilot)
        table = app.screen.query_one(RecordTable)
        assert "Kèm theo" not in table.render_line(0).text
        attachments.add(app.store, well, photos)
        app.push_screen(RecordScreen(well))
        await settled(pilot)
        assert "2 ảnh" in said(pilot, "#title")
        await settled(pilot, "escape")
        assert "Kèm theo" in table.render_line(0).text
        assert "2 ảnh" in table.render_line(1).text
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ReviewListScreen("activity", world.post.identity.post_id or ""))
        await settled(pilot)
        console = Console(width=80, file=StringIO())
        console.print(app.screen.query_one(OptionList).options[0].prompt)
        assert "2 ảnh" in console.file.getvalue()  # type: ignore[attr-defined]


async def test_on_a_wide_screen_the_photograph_is_seen_beside_the_review(world: World, phone: Path) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_1.jpg")])
    world.carry(world.post, world.hq)
    for arrived in (True, False):
        if not arrived:
            blobs.remove(world.hq, sha256(world))
            blobs.remove(world.hq, sha256(world), blobs.THUMB)
        app = FieldApp(world.root / "hq", world.hq.reopen())
        async with app.run_test(size=(160, 50)) as pilot:
            app.push_screen(ReviewListScreen("activity", world.post.identity.post_id or ""))
            await settled(pilot)
            await settled(pilot)
            strips = app.screen._compositor.render_strips()
            assert any("▀" in strip.text[80:] for strip in strips) == arrived


async def test_a_cleared_file_is_asked_for_with_one_key(world: World, phone: Path) -> None:
    well = world.well()
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_0.jpg")])
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    file_space.clear(world.post)
    app = FieldApp(world.post.home, world.post.reopen())
    async with app.run_test(size=(100, 30)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        assert "đã dọn khỏi máy này, sở chỉ huy đã có" in said(pilot, "#about")
        assert "Lấy lại" in footer(pilot)
        assert "gói trả lời mang tệp về" in await settled(pilot, "f5")
        assert "đã yêu cầu, chờ USB" in said(pilot, "#about")
        assert "Lấy lại" not in footer(pilot)
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    assert [a.state for a in attachments.of_record(world.post, well)] == ["here"]


async def test_what_a_file_is_is_chosen_at_attaching_and_corrected(world: World) -> None:
    well = world.well()
    app = FieldApp(world.post.home, world.post.reopen())
    async with app.run_test(size=(100, 30)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        assert "thiếu ảnh, biên bản" in said(pilot, "#title")
        await settled(pilot, "f2")
        await settled(pilot, "f4")
        assert "biên bản" in await settled(pilot, "f4")
        await settled(pilot, "f2")
        assert "thiếu ảnh" in said(pilot, "#title") and "biên bản" not in said(pilot, "#title")
        assert "ảnh · " not in said(pilot, "#about") and "biên bản" in said(pilot, "#about")
        assert "giấy tờ khác" in await settled(pilot, "f4")
        await settled(pilot, "f4")
        assert "thiếu biên bản" in said(pilot, "#title")


async def test_the_day_and_the_position_of_a_photograph_go_into_empty_fields_of_the_record(
    world: World, phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a question, as an ordinary edit; what somebody wrote stays."""
    monkeypatch.setattr(second_press, "HELD_SECONDS", 0)
    well = world.well(date_from="2026-03-01")
    attachments.add(world.post, well, [attachments.prepare(phone / "DCIM" / "Camera" / "IMG_0.jpg")])
    app = FieldApp(world.post.home, world.post.reopen())
    async with app.run_test(size=(100, 30)) as pilot:
        app.push_screen(RecordFilesScreen(well))
        await settled(pilot)
        assert "Chép ngày" in footer(pilot)
        asked = await settled(pilot, "f5")
        assert "Đến ngày: 05/03/2026" in asked and "12.83333, 107.95000" in asked, asked
        assert records.get(world.post, well).row["date_to"] is None
        assert "Đã sửa bản ghi" in await settled(pilot, "f5")
        assert "Chép ngày" not in footer(pilot)
    row = records.get(world.post, well).row
    assert (row["date_to"], row["description"]) == ("2026-03-05", "Vị trí 12.83333, 107.95000")
    (photo,) = attachments.of_record(world.post, well)
    assert from_photograph.offered(world.post, photo) == {}


async def test_after_a_well_is_recorded_one_line_says_what_it_lacks_and_f7_attaches(world: World) -> None:
    """The record is saved first; who goes on typing is not held up. Of what wants no files nothing is said."""
    app = FieldApp(world.post.home, world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        open_form(app, "event", {"name": "Lũ", "date_from": "2026-11-05"})
        await settled(pilot, "f2")
        assert world.post.value("SELECT count(*) FROM event") == 1
        assert said(pilot, "#message") == "" and "Đính kèm" not in footer(pilot)
        open_form(app, "activity", {"activity_kind_id": kind_of(world, "gieng_khoan"), "date_from": "2026-11-05",
                                    "unit_id": world.post.value("SELECT id FROM unit WHERE code = '24221'"
                                                                " AND valid_to IS NULL")})  # fmt: skip
        await settled(pilot, "f2", "f2")
        well = world.post.value("SELECT id FROM activity")
        assert well is not None
        assert "Bản ghi trên còn thiếu ảnh, biên bản: bấm F7" in said(pilot, "#message")
        await settled(pilot, "f7")
        assert isinstance(app.screen, AttachScreen)
        await settled(pilot, "f2")
        assert isinstance(app.screen, FormScreen)
        assert "thiếu biên bản" in said(pilot, "#message")
        await settled(pilot, "k")
        assert said(pilot, "#message") == ""
        await settled(pilot, "f7")
        assert isinstance(app.screen, AttachScreen)
    assert len(attachments.of_record(world.post, well)) == 1


def kind_of(world: World, code: str) -> str:
    return str(world.post.value("SELECT id FROM activity_kind WHERE code = ?", [code]))


def footer(pilot: Pilot[Any]) -> str:
    return "\n".join(binding.binding.description for binding in pilot.app.screen.active_bindings.values())


@on_windows.NAMES
def test_a_phone_on_a_cable_is_found_where_linux_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "gvfs" / "mtp:host=SAMSUNG_Android" / "Internal storage" / "DCIM" / "Camera"
    photo = files.written(folder, "20261105.jpg", files.jpeg(7))
    files.written(tmp_path / "gvfs" / "smb-share:server=x" / "DCIM", "b.jpg", files.jpeg(8))
    found = fieldapp_files.photographs_and_papers()
    assert found[0] == photo
    assert not [path for path in found if "smb-share" in str(path)]
