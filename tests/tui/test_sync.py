"""What the USB screen says of what lies on a stick."""

import shutil
from datetime import timedelta

import evidence_files
import on_windows
import pytest
from field import World
from screen_driver import run
from sync_state import new_post, no_unicode, second_laptop

from fieldapp.records import attachments, records
from fieldapp.store import place, wall
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import clock, drives
from fieldapp.tui import second_press
from fieldapp.tui.screens.laptops import LaptopScreen
from fieldapp.tui.screens.sync import SyncScreen


async def test_a_name_that_is_no_unicode_stops_nothing(world: World) -> None:
    no_unicode(world.usb)
    world.well()
    outgoing.export(world.post, world.usb)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("! XONG, 1 gói bị từ chối.")
        assert "xau\ufffd\ufffd.fieldapp.tar.age" in s.text


@on_windows.NAMES
async def test_a_name_is_no_line_of_its_own(world: World) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    made.path.rename(world.usb / "x\n✓ Đồn Yalop (A): 500 bản ghi mới (y.fieldapp.tar.age")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG.")
        assert "Đồn BP Ia Rvê: 1 bản ghi mới" in s.text
        assert "Yalop" not in s.text
        await s.press("f7")
        assert "(“x ✓ Đồn Yalop" in " ".join(s.text.split())
        assert not any(line.startswith("✓ Đồn Yalop") for line in s.text.splitlines())


async def test_what_is_for_others_is_said(world: World) -> None:
    outgoing.export(world.post, world.usb)
    (there,) = outgoing.export(world.hq, world.usb)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        there.path.write_bytes(b"not what this laptop wrote")
        await s.press("f9", str(world.usb), "enter")
        await s.wait("! XONG, 1 gói bị từ chối.")
        await s.press("f7")
        assert "2 gói: 1 đã nhận từ trước · 1 bị từ chối" in s.text
    (world.usb / there.path.name).unlink()
    async with run(world.root / "post", world.post.reopen()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG.")
        assert "Tại đó không có gói nào" not in s.text
        await s.press("f7")
        assert "2 gói: 1 đã nhận từ trước · 1 do máy này ghi" in s.text


async def test_what_is_to_be_decided_is_said_with_its_keys(world: World) -> None:
    new_post(world, "EABUNG", "Đồn BP Ea Bung").close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("Chờ chứng thực: Đồn BP Ea Bung (A). Bấm F4")
        await s.wait("F4 Chứng thực")
        assert "! Đồn BP Ea Bung: máy A chờ chứng thực" in s.text
        await s.press("f4")
        assert isinstance(s.app.screen, LaptopScreen)
        assert "F2 Đã khớp, chứng thực" in s.footer
        await s.press("f2")
        assert isinstance(s.app.screen, SyncScreen)
        await s.wait("✓ Đồn BP Ea Bung: máy A đã chứng thực")
        await s.wait("✓ XONG.")
        assert "F4" not in s.footer
        assert len([*world.usb.glob("sch-eabung*")]) == 1


async def test_a_laptop_that_is_certified_from_the_sticks_is_answered_and_told_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer comes back from the words: what the laptop brought is counted, and its reply lies on its stick."""
    sticks = [world.root / "mot", world.root / "hai"]
    for stick in sticks:
        stick.mkdir()
    shown = [drives.Drive(stick, stick.name, 10**10, 1) for stick in sticks]
    monkeypatch.setattr(drives, "drives", lambda: shown)
    world.well()
    outgoing.export(world.post, sticks[0])
    other = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    records.save(other, "event", {"name": "Tết", "date_from": "2013-01-20"})
    outgoing.export(other, sticks[1])
    other.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", "f2")
        await s.wait("✓ XONG.")
        assert s.text.index("XONG.") < s.text.index("máy A chờ chứng thực") < s.text.index("Ia Rvê: 1 bản ghi mới")
        assert "Chưa ghi gói trả lời" not in s.text, "it is said once, with its key"
        assert not list(sticks[1].glob("sch-eabung*"))
        await s.press("f4", "f2")
        await s.wait("✓ Đồn BP Ea Bung: 1 bản ghi mới; máy A đã chứng thực")
        await s.wait("✓ XONG.")
        assert "Chờ chứng thực" not in s.text
        assert "chờ chứng thực" not in s.text
        assert "Chưa ghi gói trả lời" not in s.text
        await s.press("f7")
        assert "chờ chứng thực" not in s.text
        assert "1 của máy vừa chứng thực" in s.text
        assert "✓ Đồn BP Ea Bung (A): đã chứng thực, thay đổi trong gói được tính" in s.text
        await s.press("f7")
        assert "gửi Đồn BP Ea Bung (A)" in " ".join(s.text.split()), "its reply"
        assert len([*sticks[1].glob("sch-eabung*")]) == 1
        await s.press("f2")
        await s.wait("1 gói trả lời đã có sẵn trên USB")  # its receipt has come now
        await s.press("f2")
        await s.wait("2 gói trả lời đã có sẵn trên USB, không có gì thêm: không ghi lại")
        assert len([*sticks[1].glob("sch-eabung*")]) == 2
        await s.press("delete")
        text = " ".join(s.text.split())
        assert text.index("đã nhập xong") < text.index("? Bấm Del lần nữa để xóa")
        with monkeypatch.context() as patched:
            after = second_press.now() + 5
            patched.setattr(second_press, "now", lambda: after)
            await s.press("delete")
        assert "✓ Đã xóa 3 gói." in s.text
        assert "đã nhập xong" not in s.text


async def test_a_stick_that_is_gone_meanwhile_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sticks = [world.usb, world.root / "hai"]
    sticks[1].mkdir()
    new_post(world, "EABUNG", "Đồn BP Ea Bung").close()
    shown = [drives.Drive(stick, stick.name, 10**10, 1) for stick in sticks]
    monkeypatch.setattr(drives, "drives", lambda: shown)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", "f2")
        await s.wait("✓ XONG.")
        await s.press("f4")
        shutil.rmtree(world.usb)
        await s.press("f2")
        await s.wait("máy A đã chứng thực")
        await s.wait("! Chưa ghi được gói trả lời. Hãy cắm lại USB của đồn ấy rồi bấm F2.")
        assert "! Đồn BP Ea Bung (A): Không có thư mục" in s.text
        assert "XONG" not in s.text


async def test_the_result_begins_at_its_top_and_names_who_brought_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        enrolment.write_pack(world.hq, code=f"D{number}", name=f"Đồn số {number}", dest=world.usb)
    stick = world.root / "hai"
    stick.mkdir()
    world.well()
    outgoing.export(world.post, stick)
    (stick / "la.fieldapp.tar.age").write_bytes(b"x")
    sticks = [drives.Drive(folder, folder.name, 10**10, 1) for folder in (stick, world.usb)]
    monkeypatch.setattr(drives, "drives", lambda: sticks)
    later = wall.now() + timedelta(days=45)
    monkeypatch.setattr(wall, "shown", lambda: later)
    world.post.db.execute("UPDATE local_session SET hlc = ?", [clock.reading(later)])
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.pilot.resize_terminal(80, 16)
        await s.press("f9", "f2")
        await s.wait("! XONG, 1 gói bị từ chối.")
        assert "Bấm F5 để hiện lại cả 2 USB" in s.text
        assert "dòng ở dưới" in s.text
        await s.pilot.resize_terminal(80, 24)
        await s.wait("Chưa có gói: Đồn số 0 (đã 45 ngày không có tin), Đồn số 1")


async def test_what_waits_names_no_command_on_the_screen(world: World) -> None:
    other = second_laptop(world)
    event = world.well()
    world.carry(world.post, world.hq)
    world.carry(world.hq, other)
    for store, hamlet in ((world.post, "Buôn A"), (other, "Buôn B")):
        records.save(store, "activity", {"hamlet": hamlet}, event)
        world.carry(store, world.hq)
    other.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9")
        assert "1 ô do hai người ghi khác nhau. Esc rồi F6 hai lần để xem" in " ".join(s.text.split())
        assert "fieldapp" not in s.text


async def test_only_a_stick_or_a_folder_is_written_to_and_the_screen_names_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.usb / "tháng 11").mkdir()
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    outgoing.export(world.post, world.usb / "tháng 11")
    named = f"XONG. Đã ghi vào {world.usb}."

    def told(shown: str) -> str:
        return "".join(shown.split())  # a long path goes over several lines

    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", str(made.path), "enter")
        await s.wait("là tệp. Chưa ghi gì")
        assert not list(world.usb.glob("sch-iarve*.age"))
        await s.press("f9")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG.")
        assert "1 bản ghi mới" in s.text
        assert "· Chưa đọc các gói trong thư mục con" in s.text
        assert told(f"{named} Thư mục này nằm trên máy") in told(s.text)
        assert "rút" not in s.text
        monkeypatch.setattr(drives, "on_one_disk", lambda _folder, _home: False)
        monkeypatch.setattr(place, "volume", lambda _folder: place.Volume("vfat", removable=True))
        await s.press("f5", "enter")
        await s.wait("Có thể rút")
        assert told(f"{named} Có thể rút USB.") in told(s.text)
    assert len(list(world.usb.glob("sch-iarve*.age"))) == 2


async def test_the_stick_that_was_chosen_stays_chosen_after_the_help(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.root / "other"
    other.mkdir()
    found = [drives.Drive(world.usb, "A", 1, 0), drives.Drive(other, "B", 1, 0)]
    monkeypatch.setattr(drives, "drives", lambda: found)
    world.well()
    async with run(world.root / "post", world.post.reopen()) as s:
        await s.press("f9", "down", "f1", "escape", "enter")
        await s.wait("✓ XONG.")
    assert not list(world.usb.glob("*.age"))
    assert list(other.glob("*.age"))


async def test_files_that_are_to_be_carried_or_have_not_come_are_said(world: World) -> None:
    well = world.well()
    photos = [attachments.Prepared(f"{n}.jpg", "image/jpeg", evidence_files.jpeg(n)) for n in (1, 2)]
    async with run(world.root / "post", world.post.reopen()) as s:
        await s.press("f9")
        assert "tệp đính kèm" not in s.text
    attachments.add(world.post, well, photos)
    async with run(world.root / "post", world.post.reopen()) as s:
        await s.press("f9")
        await s.wait("· Sở chỉ huy chưa nhận 2 tệp đính kèm (")
        await s.press(str(world.usb))
        assert str(world.usb)[-20:] in s.text, "and nothing typed is lost by it"
    (made,) = outgoing.export(world.post, world.usb, most=0)
    assert made.files.left == 2
    incoming.import_files(world.hq, [world.usb])
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9")
        await s.wait("· 2 tệp chưa đến.")
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    for home, store in (("post", world.post), ("hq", world.hq)):
        async with run(world.root / home, store.reopen()) as s:
            await s.press("f9")
            assert "tệp" not in s.text
