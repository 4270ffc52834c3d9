"""What invited wrong turns of people who saw only the screen: fields in the way, what fills a field, who is meant."""

from datetime import timedelta

import pytest
from field import World
from form_driver import cell, form_driver, members
from rich.cells import cell_len
from screen_driver import Running, at_post

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records import form_memory, history, lists, near, records
from fieldapp.store import place, wall
from fieldapp.sync.exchange import outgoing
from fieldapp.sync.exchange.status import exchange_status
from fieldapp.sync.format import drives
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.double_entry import BlindForm
from fieldapp.tui.screens.form import FormScreen, first_fields
from fieldapp.tui.widgets import entries
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.pick_list import PickList


def commune(world: World, code: str, *, former: bool) -> str:
    found: str = world.post.value(
        f"SELECT id FROM unit WHERE code = ? AND level = 'commune' AND valid_to IS {'NOT ' * former}NULL", [code]
    )
    return found


def test_no_last_day_that_may_be_empty_stands_before_a_field_that_may_not() -> None:
    """Whoever goes on means the next field that is asked of them, and types the place, or another day, into it."""
    for model in (model for model in RECORDS if model.TOP):
        shapes = first_fields(model)
        assert {shape.name for shape in shapes} == {shape.name for shape in fields_of(model)} - {*model.MORE}
        for at, shape in enumerate(shapes):
            if shape.after and not shape.required:
                assert not any(other.required for other in shapes[at:]), f"{model.KIND}: {shape.name}"


async def test_what_stands_in_a_field_goes_with_one_key_or_the_first_letter(world: World) -> None:
    unit = commune(world, "24221", former=False)
    form_memory.save_pins(world.post, "activity", {
        "date_from": "05/10/2013", "unit_id": {"value": unit, "text": "Xã Ia Rvê"}, "hamlet": "thôn 1", "people": "Sáu",
    })  # fmt: skip
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "<delete>")
        assert form.row("date_from").data is None
        await form.type("6/10/13", "<enter>", "<delete>")
        assert form.row("unit_id").data is None
        await form.type("<enter>", "thôn 2", "<enter>")
        assert form.row("hamlet").data == "thôn 2"
        await form.type("<up>", "<left>", "<backspace>", "x", "<enter>")
        assert form.row("hamlet").data == "thônx2", "what somebody typed is changed letter by letter"
        form.row("people").entry.focus()
        await form.type("<left>", "<backspace>", "e", "<end>", "<delete>")
        assert form.row("people").data == "Seu", "after an arrow too"
        form.row("date_from").entry.focus()
        await form.type("<end>", *["<backspace>"] * 4, "2014", "<up>", "<down>")
        assert form.row("date_from").data == "2014-10-06"
        marked = form.row("date_from").entry.render_line(0)
        await form.type("<left>")
        assert form.row("date_from").entry.render_line(0) != marked, "what the first letter replaces is shown marked"
        await form.type("<end>", "<delete>")
        assert form.row("date_from").data is None


def test_the_own_commune_s_cells_come_first_then_those_of_late(world: World) -> None:
    own, worked, other = (commune(world, code, former=True) for code in ("24221", "24229", "24214"))
    for name, unit in (("Ea Bung", other), ("Ia Lốp", worked), ("Ia Rvê", own)):
        for number in (1, 2):
            records.save(world.hq, "party_cell", {"name": f"Chi bộ thôn {number} {name}", "unit_id": unit})
    world.carry(world.hq, world.post)
    world.well(unit_id=worked)
    assert near.communes(world.post)[0], "packs name the province; the post's name its commune"
    for typed in ("", "thôn", "chi bo"):
        named = [label for _id, label in lists.choices(world.post, "party_cell", typed) if "buôn" not in label]
        places = [label.split(" · ")[0][len("Chi bộ thôn 1 ") :] for label in named]
        assert places == ["Ia Rvê"] * 2 + ["Ia Lốp"] * 2 + ["Ea Bung"] * 2, typed
    first = lists.choices(world.post, "party_cell", "thôn 1")[0][1]
    assert first.startswith("Chi bộ thôn 1 Ia Rvê · Xã Ia Rvê · Huyện Ea Súp (cũ) · Tỉnh"), "what is gone is marked"
    gone = commune(world, "24232", former=True)
    records.save(world.hq, "party_cell", {"name": "Chi bộ thôn 9", "unit_id": gone})
    world.carry(world.hq, world.post)
    assert "Chi bộ thôn 9 · Xã Cư M'Lan (cũ) · Huyện Ea Súp" in lists.choices(world.post, "party_cell", "thôn 9")[0][1]
    assert lists.choices(world.post, "unit", "")[0][1].startswith("Xã Ia Rvê")
    assert "Ia Lốp" in lists.choices(world.post, "party_cell", "ia lop")[0][1], "what is typed counts before"


async def test_hamlets_that_were_named_before_are_suggested_and_never_forced(world: World) -> None:
    old, now = (commune(world, "24221", former=former) for former in (True, False))
    records.save(world.hq, "party_cell", {"name": "Chi bộ thôn 8 Ia Rvê", "unit_id": old})
    world.carry(world.hq, world.post)
    for hamlet in ("Thôn 10", "Thôn 10", "thôn 12"):
        world.well(hamlet=hamlet, unit_id=now)
    world.well(hamlet="Thôn 19", unit_id=commune(world, "24214", former=False))
    assert near.hamlets(world.post, now) == ["Thôn 10", "thôn 12", "Buôn Ba Na", "thôn 8"]
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "hn", "<enter>", "ia rve", "<enter>")
        field = form.row("hamlet").entry
        assert isinstance(field, PickList)
        assert "F4" in form.text()
        await form.type("thôn 1")
        assert field.is_open
        assert "Thôn 19" not in form.text()
        await form.type("<enter>")
        assert form.focus_is_at("date_to")
        assert form.row("hamlet").data == "thôn 1", "Enter keeps what is typed"
        await form.type("<up>", "<end>", "<backspace>", "1", "<down>", "<enter>")
        assert form.row("hamlet").data == "Thôn 10"
        await form.type("<up>", "<f4>", "<down>", "<enter>")
        assert "để trống: chỉ một ngày" in form.note("date_to"), "the last day comes after the place"
        await form.type("<escape>")
    (draft,) = world.post.drafts()
    assert draft.data["hamlet"] == "thôn 12"


async def test_what_was_recorded_stays_in_sight_and_is_counted_though_it_begins_later(world: World) -> None:
    later = (wall.today().replace(day=28) + timedelta(days=14)).replace(day=1)
    async with at_post(world) as s:
        await s.press("f2", "dang vien", "enter", "Lê Văn Tám", "f2")
        told = "✓ Đã ghi: Lê Văn Tám. Có thể ghi tiếp phiếu mới dưới đây; bấm Esc để kết thúc."
        assert told in " ".join(s.text.split())
        assert not list(s.app._notifications)
        await s.press("Siu Blêh")
        assert told in " ".join(s.text.split()), "also while the next one is typed"
        await s.press("f2", "escape", "f2", "gioi thieu", "enter", "le van tam", "enter", "ba na", "enter")
        await s.press(f"{later:%d/%m/%Y}", "f2")
        assert "✓ Đã ghi: Lê Văn Tám · Chi bộ buôn Ba Na" in s.text
        await s.press("escape")
        (line,) = [line for line in s.text.splitlines() if "Giới thiệu sinh hoạt" in line]
        assert line.split()[-6:] == ["0", "+", "1", "của", "tháng", "sau"]


async def test_the_roll_call_counts_the_cell_and_names_guests_apart(world: World) -> None:
    here = cell(world)
    long = "Chính trị viên phó đồn biên phòng, phụ trách công tác vận động quần chúng"
    for name in ("Lò Văn Khiêm", "Rơ Châm Hyeo", "Siu H'Lan", "Kpă Thuận"):
        records.save(world.post, "member", {"full_name": name, "party_cell_id": here, "position": long})
    records.save(world.post, "member", {"full_name": "Vũ Văn Khách"})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4, "<f6>", "<down>")
        assert form.app.focused is not None
        assert " ".join(form.text().split()).count(long) == 1, "what is cut is told whole of the chosen member"
        await form.type("<enter>", "vu van", "<enter>")
        assert "4 đảng viên: ✓ 4 có mặt, – 0 vắng có lý do, ✗ 0 vắng không lý do; 1 đến dự" in form.text()
        await form.type("Hoàng Văn Tư")
        lines = [line for line in form.text().splitlines() if ": “Hoàng Văn Tư”" in line]
        assert [("Khách dự" in line, "của đồn" in line, "của chi bộ này" in line) for line in lines] == [
            (True, False, False), (False, True, False), (False, False, True),
        ]  # fmt: skip


async def test_a_question_of_one_screen_is_not_asked_on_the_next(world: World) -> None:
    async with at_post(world) as s:
        await s.press("escape")
        assert [told.message for told in s.app._notifications] == ["Bấm Esc lần nữa để thoát."]
        await s.press("f2")
        assert not list(s.app._notifications)
        await s.press("escape", "escape")
        assert s.app.is_running, "it is asked anew"
        assert len(list(s.app._notifications)) == 1


async def test_a_new_record_in_the_book_of_a_kind_is_of_this_kind(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f4", "gieng", "enter", "f2")
        assert "Giếng khoan" in s.text
        assert "Hộ hưởng lợi" in s.text
        await s.press("escape", "x", "f2")
        assert "Hộ hưởng lợi" not in s.text, "what is searched for otherwise is no kind"


def test_an_empty_field_for_free_text_says_so_where_a_list_might_be_looked_for() -> None:
    free = [
        (model.KIND, shape.name, entries.hint_of(shape))
        for model in RECORDS
        for shape in fields_of(model)
        if shape.type in ("text", "long") and shape.name != "code" and not shape.required
    ]
    assert len(free) > 40
    assert [(kind, name) for kind, name, hint in free if not hint] == []
    assert "ghi tự do, ví dụ Đoàn xã" in [hint for *_where, hint in free]
    assert [hint for *_where, hint in free if hint.startswith("ghi tự do") and cell_len(f"— {hint}") > 32] == [], (
        "each has room within the field, in the smallest window too"
    )


async def test_a_text_that_the_list_lacks_is_said_to_be_taken(world: World) -> None:
    now = commune(world, "24221", former=False)
    world.well(hamlet="Thôn 10", unit_id=now)
    async with form_driver(world.post, "activity", size=(60, 24)) as form:
        assert "ghi tự do, ví dụ thôn 1" in form.row("hamlet").entry.placeholder
        await form.type("gieng", "<enter>", "hn", "<enter>", "ia rve", "<enter>", "thôn 7")
        assert "ghi tự do, chưa có trong danh sách" in form.text(), "while it is typed"
        await form.type("<enter>")
        assert "ghi tự do, chưa có trong danh sách" in form.note("hamlet")
        await form.type("<up>", "<end>", "<backspace>", "10", "<enter>")
        assert "ghi tự do, chưa" not in form.note("hamlet"), "that is a hamlet of the list"
        entry = form.row("hamlet").entry
        await form.type("<up>", "<end>", "1")
        assert entry.reading().text
        entry.follow(FormContext({"unit_id": now}, adds=BlindForm.ADDS))
        assert not entry.reading().text, "whoever keys again blind is not told what is recorded"


async def test_a_form_for_a_cell_begins_where_something_is_still_to_be_said(world: World) -> None:
    form = FormScreen("meeting", initial={"party_cell_id": cell(world)})
    async with at_post(world) as s:
        s.app.push_screen(form)
        await s.press()
        await s.press("3/11/26", "enter")
    assert {row.key: row.data for row in form._rows if row.key == "held_on"} == {"held_on": "2026-11-03"}, (
        "the type of meeting has a value already, and the day was typed into it"
    )


async def test_a_year_of_birth_is_understood_as_people_type_it(world: World) -> None:
    async with form_driver(world.post, "member") as form:
        for typed, year in (("90", "1990"), ("sinh năm 1990", "1990"), ("12/5/1988", "1988"), ("05", "2005")):
            form.row("birth_year").entry.focus()
            await form.type(typed)
            assert f"→ {year}" in form.note("birth_year")
            await form.type("<enter>")
            assert form.row("birth_year").entry.value == form.row("birth_year").data == year
            await form.type("<up>")
        await form.type("199")
        assert "? bốn chữ số: 1990" in form.note("birth_year"), "at once, not when it is saved"


async def test_where_no_list_is_the_key_for_lists_says_what_to_do(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f2", "gioi thieu", "enter")
        (role,) = (row.entry for row in s.app.screen.query(FieldRow) if row.key == "role")
        role.focus()
        await s.press()
        assert "F4" not in s.footer
        await s.press("f4")
        assert [told.message for told in s.app._notifications] == ["Ô này không có danh sách: gõ thẳng vào ô."]


async def test_the_arrows_go_on_from_the_ends_of_a_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = cell(world)
    for name in ("Lò Văn Khiêm", "Rơ Châm Hyeo"):
        records.save(world.post, "member", {"full_name": name, "party_cell_id": here})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4)
        await form.type("<down>", "<down>")
        assert form.focus_is_at("missing"), "below the last of the roll call is the field for who is missing"
        await form.type("<up>", "<minus>", "ốm", "<down>", "<down>")
        assert form.focus_is_at("missing")
        assert "1 vắng có lý do" in form.text()
    shown = [drives.Drive(world.usb, name, 10**10, 1) for name in ("USB1", "USB2")]
    monkeypatch.setattr(drives, "drives", lambda: shown)
    async with at_post(world) as s:
        await s.press("f9")
        for key, place in (("down", "drives"), ("down", "folder"), ("up", "drives"), ("down", "folder")):
            await s.press(key)
            assert s.app.focused is not None
            assert s.app.focused.id == place


async def test_the_roll_call_says_on_the_sheet_which_keys_mark(world: World) -> None:
    members(world, 4)
    async with form_driver(world.post, "meeting", size=(60, 24)) as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 3)
        assert "F6 Mẫu" in form.text()
        assert "F6 có mặt đủ" not in form.text(), "a key means one thing at a time"
        await form.type("<enter>")
        keys = "F6 có mặt đủ · ↑↓←→ chọn người · Space vắng · [-] vắng có lý do"
        assert keys in " ".join(form.text().split()), "above the names, for whoever does not read the bottom line"
        assert "↑↓←→ Chọn" in form.text()
        assert "Enter Bổ sung người" in form.text(), "Enter leaves the whole list"
        await form.type("<f6>", "<minus>", "ốm", "<enter>", "<f2>")
        row_id = form.app.result
    assert any("vắng có lý do · ốm" in line.lower() for line in history.record_lines(world.post, row_id))


async def test_a_bundle_that_lies_on_this_laptop_is_not_said_to_be_on_a_stick(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.well()
    async with at_post(world) as s:
        await s.press("f9")
        assert "Enter/F2 Bắt đầu" in s.footer
        await s.press(str(world.usb), "enter")
        await s.wait("✓ XONG.")
        await s.wait("gói còn trên máy, chưa chép ra USB")
        await s.wait("Enter/F2 Xuất lại")
        assert "Chưa cắm USB nào." not in s.text
        await s.press("escape")
        assert "· gói còn trên máy" in s.text.splitlines()[0]
        assert "! chưa ra USB    gói vừa ghi nằm" in s.text
        assert "1 bản ghi (1 có gói còn trên máy)" in s.text
        await s.press("f3")
        assert "→ gói còn trên máy" in s.text, "the legend below the rows"
        await s.press("giếng", "enter")
        assert "→ gói còn trên máy" in s.text, "the record"
        world.well()
        await s.press("escape", "escape", "f9")
        assert "1 chưa xuất, 1 có gói còn trên máy" in s.text
        assert "chờ biên nhận" not in s.text
    with monkeypatch.context() as from_stick:
        from_stick.setattr(place, "volume", lambda _folder: place.Volume("ext4", removable=True))
        outgoing.export(world.post, world.usb)
        assert not exchange_status(world.post).left_here, "records, program and bundle on one stick"
    monkeypatch.setattr(drives, "on_one_disk", lambda _folder, _home: False)
    outgoing.export(world.post, world.usb)
    async with at_post(world) as s:
        assert "· đã xuất" in s.text.splitlines()[0]
        assert "chưa ra USB" not in s.text


async def test_what_tells_two_lines_apart_is_not_cut(world: World) -> None:
    here = cell(world)
    long = "Chính trị viên phó đồn biên phòng, phụ trách công tác vận động quần chúng"
    for year in (1985, 1990):
        records.save(world.post, "member", {"full_name": "Nguyễn Văn Anh", "position": long, "birth_year": year})
    for width in (60, 80):
        async with form_driver(world.post, "meeting", size=(width, 24)) as form:
            await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4, "<down>", "nguyen van anh")
            assert [form.text().count(f"sinh {year}") for year in (1985, 1990)] == [1, 1], form.text()
            await form.type(*["<backspace>"] * 20, "Hoàng Văn Tư Ngọc Bích Thiên")
            for words in (
                "Khách dự, ghi vào Nội dung",
                "Đảng viên của đồn, giới thiệu",
                "Đảng viên của chi bộ này, bổ",
            ):
                assert words in form.text()
    assert here


async def test_what_was_recorded_of_the_last_month_is_counted_and_no_message_covers_it(world: World) -> None:
    last = wall.today().replace(day=1) - timedelta(3)
    world.well(date_from=last.isoformat())
    for size in ((80, 24), (60, 20)):
        async with Running(FieldApp(world.root / "post", world.post.reopen()), size, messages=True) as s:
            (heads,) = [line for line in s.text.splitlines() if "Bản ghi của tháng" in line]
            assert heads.split()[-2:] == [f"{last:%m/%Y}", f"{wall.today():%m/%Y}"]
            (line,) = [line for line in s.text.splitlines() if line.split()[:2] == ["Hoạt", "động"]]
            assert line.split()[-2:] == ["1", "0"]
            await s.press("escape")
            assert "Bấm Esc lần nữa để thoát." in s.text
            assert line in s.text.splitlines(), "the message stands on a line of its own"
            assert heads in s.text.splitlines()
            await s.press("f9", "f9", "escape", "f12")
            assert len(list(s.app._notifications)) == 1, "a message takes the place of the one before"
