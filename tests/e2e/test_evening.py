"""An evening at the post: unlock, record, export; the next morning at headquarters."""

import random
from pathlib import Path

import pytest
from bursts import corrected
from e2e.terminal import CTRL_A, CTRL_K, CTRL_P, DELETE, ENTER, ESC, F2, F6, F9, TAB, Terminal
from field import PASSPHRASE, World

from fieldapp.demo import PERIOD
from fieldapp.records import lists, records
from fieldapp.reports.narrative import as_text
from fieldapp.reports.query import Query
from fieldapp.reports.report import report
from fieldapp.sync.exchange import incoming

pytestmark = pytest.mark.usefixtures("openable")


def unlock(post: Path) -> Terminal:
    terminal = Terminal(post)
    terminal.wait("Mật khẩu")
    terminal.type("sai rồi", ENTER)
    terminal.wait("Mật khẩu sai")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    return terminal


def test_an_evening(world: World) -> None:
    terminal = unlock(world.root / "post")

    terminal.type(F2)
    terminal.wait("Chọn nội dung cần ghi")
    terminal.type(ENTER)
    terminal.wait("Ghi mới › Hoạt động")
    terminal.type("gieng")
    terminal.wait("Giếng khoan")
    terminal.type(ENTER)
    terminal.wait("Trị giá công trình")
    terminal.type("5/10/2013", ENTER, "24221")
    terminal.wait("Huyện Ea Súp")
    terminal.type(ENTER, "Buôn Ba Na", ENTER, ENTER, ENTER, "Giếng khoan nghĩa tình", ENTER)
    terminal.type("1", ENTER, "12", ENTER, "35tr")
    terminal.wait("35 triệu đồng")
    terminal.type(F2)
    terminal.wait("✓ Đã ghi")
    terminal.wait_gone("35 triệu đồng")  # the form is open for the next record
    terminal.type(ESC)
    terminal.wait("Cần làm")

    terminal.open_form("dang vien", "Đảng viên")
    terminal.type("Nguyễn Văn Bình", F2)
    terminal.wait_gone("Nguyễn Văn Bình  ")
    terminal.type(ESC)
    terminal.wait("Cần làm")

    terminal.open_form("gioi thieu", "Giới thiệu sinh hoạt")
    terminal.type("binh")
    terminal.wait("│ Nguyễn Văn Bình")
    terminal.type(ENTER, "ba na")
    terminal.wait("│ Chi bộ buôn Ba Na")
    terminal.type(ENTER, "1/1/2013", ENTER, ENTER, "12-GT/ĐU", F2)
    terminal.wait("Đã ghi: Nguyễn Văn Bình")
    terminal.type(ESC)
    terminal.wait("Cần làm")

    terminal.open_form("ky sinh hoat", "Kỳ sinh hoạt")
    terminal.type("ba na")
    terminal.wait("│ Chi bộ buôn Ba Na")
    terminal.type(ENTER, ENTER, "3/11/2013", ENTER)
    terminal.wait("1 chưa")
    terminal.type(ENTER, ENTER, ENTER)
    terminal.wait("Có mặt đủ")
    terminal.type(F6)
    terminal.wait("1 có mặt")
    terminal.type(F2)
    terminal.wait_gone("1 có mặt")
    terminal.type(ESC)
    terminal.wait("Cần làm")

    terminal.type(F9)
    terminal.wait("Sở chỉ huy chưa nhận")
    terminal.type(str(world.usb))
    terminal.wait(world.usb.name)
    terminal.type(ENTER)
    terminal.wait("XONG.")
    terminal.type(ESC)
    terminal.wait("Cần làm")
    terminal.end()

    (result,) = incoming.import_files(world.hq, [world.usb])
    assert result.complete
    text = as_text(report(world.hq, Query(PERIOD)))
    for figure in ("1 giếng", "12 hộ", "35 triệu đồng", "1 đảng viên"):
        assert f": {figure}  (1 bản ghi)" in text
    (meeting,) = lists.record_window(world.hq, "meeting").rows
    attendance = records.get(world.hq, meeting["id"]).children["attendance"]
    assert [a["status"] for a in attendance] == ["present"]
    (well,) = lists.record_window(world.hq, "activity").rows
    assert (well["hamlet"], well["description"]) == ("Buôn Ba Na", "Giếng khoan nghĩa tình")


def test_a_dead_battery_leaves_the_draft(world: World) -> None:
    terminal = unlock(world.root / "post")
    terminal.open_form("dang vien", "Đảng viên")
    terminal.type("Rơ Châm Hyeo", TAB)
    terminal.wait("nháp")
    terminal.kill()
    terminal = unlock(world.root / "post")
    terminal.wait("bản nháp")
    terminal.type(ENTER)
    terminal.wait("Ghi mới › Đảng viên")
    terminal.type(F2)
    terminal.wait("✓ Đã ghi")
    terminal.end()
    assert [m["full_name"] for m in lists.record_window(world.post, "member").rows] == ["Rơ Châm Hyeo"]


def test_a_passphrase_typed_while_the_program_loads_opens_it_and_is_not_shown(world: World) -> None:
    loading = """
import select, sys
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "textual.app":
            sys.meta_path.remove(self)
            print("LOADING", flush=True)
            select.select([0], [], [], 30)
sys.meta_path.insert(0, Slow())
"""
    terminal = Terminal(world.root / "post", loading)
    terminal.wait("LOADING")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    terminal.end()
    assert PASSPHRASE.encode() not in terminal.came


def test_typed_ahead_over_screens(world: World) -> None:
    """Somebody who knows the keys does not wait for screens, nor after Esc: nothing is lost or lands elsewhere.

    Each sort of field gets its words as an input method sends them: passphrase, finder, form, pick list, palette,
    search, reason.
    """
    rng = random.Random(5)

    def typed(text: str) -> str:
        return corrected(text, rng)

    terminal = Terminal(world.root / "post")
    terminal.wait("Mật khẩu")
    member = [F2, typed("đảng viên"), ENTER]
    terminal.type(typed(PASSPHRASE), ENTER, *member, typed("Rơ Châm Hyeo"), F2, typed("Siu Blêh"), F2, ESC)
    well = [typed("giếng"), ENTER, "5/10/2013", ENTER, "24221", ENTER, typed("Buôn Ba Na"), ENTER, ENTER, ENTER]
    terminal.type(F2, ENTER, *well, typed("Giếng sâu"), ENTER, "1", ENTER, "12", ENTER, "35tr", F2, ESC)
    terminal.type(F2, typed("sự kiện"), ENTER, typed("Lũ 2013"), ENTER, "9/11/2013", F2, ESC)
    terminal.type(F2, typed("kỳ sinh hoạt"), ENTER, typed("chi bộ buôn Ba Na"), ENTER, ENTER, "3/11/2013", F2, ESC)
    terminal.type(CTRL_P, typed("sổ đảng viên"), ENTER, typed("hyeo"), ENTER, F2, CTRL_A, "H'", F2, ESC)
    terminal.wait("H'Rơ Châm Hyeo")
    terminal.type(CTRL_A, CTRL_K, typed("blêh"), ENTER, DELETE, typed("Ghi nhầm người"), ENTER)
    terminal.wait("· đã hủy")
    terminal.end()
    names = {
        row["full_name"]: row["void_reason"] for row in lists.record_window(world.post, "member", voided=True).rows
    }
    assert names == {"H'Rơ Châm Hyeo": None, "Siu Blêh": "Ghi nhầm người"}
    (event,) = lists.record_window(world.post, "event").rows
    assert event["name"] == "Lũ 2013"
    (meeting,) = lists.record_window(world.post, "meeting").rows
    assert meeting["held_on"] == "2013-11-03"
    (well_row,) = lists.record_window(world.post, "activity").rows
    assert (well_row["hamlet"], well_row["description"]) == ("Buôn Ba Na", "Giếng sâu")
    measures = records.get(world.post, well_row["id"]).children["measures"]
    assert sorted(m["amount"] for m in measures) == [1, 12, 35_000_000]
