"""A name that a pick list lacks is added where it is needed, by a short form on top."""

from datetime import date

import pytest
from field import World
from form_driver import FormApp, FormDriver, cell, form_driver, members
from textual.events import Key, Paste

from fieldapp.records import records, view
from fieldapp.store.store import Store
from fieldapp.tui import second_press
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.work.todo import todo


async def test_a_member_that_is_not_there_is_added_in_the_middle_of_a_form(world: World) -> None:
    async with form_driver(world.post, "introduction") as form:
        await form.type("Hoàng Văn An")
        assert "Thêm “Hoàng Văn An”…" in form.text()
        await form.type("<enter>")
        assert "Thêm › Đảng viên" in form.text()
        assert "▼" not in form.text(), "all fields of the short form are in sight"
        (draft,) = world.post.drafts()
        assert draft.data == {"member_id": {"text": "Hoàng Văn An"}}, "kept before the short form opens"
        await form.type("Thiếu tá", "<escape>")
        assert "Thêm “Hoàng Văn An”…" in form.text(), "Esc goes back to the list"
        assert form.focus_is_at("member_id")
        assert {draft.kind for draft in world.post.drafts()} == {"member", "introduction"}, "and nothing typed is lost"
        await form.type("<enter>")
        assert "Thiếu tá" in form.text()
        await form.type("<f2>")
        assert form.focus_is_at("party_cell_id"), "it goes on, as after a choice from the list"
        assert form.row("member_id").entry.value == "Hoàng Văn An · Thiếu tá"
        await form.type("ba na", "<enter>", "3/11/26", "<f2>")
        found = records.get(world.post, form.app.result)
    member = records.get(world.post, found.row["member_id"]).row
    assert (member["full_name"], member["position"]) == ("Hoàng Văn An", "Thiếu tá")
    assert world.post.drafts() == []


async def test_a_new_name_never_becomes_another_one_that_begins_with_it(world: World) -> None:
    there = records.save(world.post, "member", {"full_name": "Hoàng Văn Anh"})
    async with form_driver(world.post, "introduction") as form:
        await form.type("Hoang Van An", "<escape>", "<down>")
        assert form.row("member_id").data == "Hoang Van An"
        assert "chọn từ danh sách: F4" in form.note("member_id")
        await form.type("<f2>")
        assert "Không tìm thấy: Hoang Van An" in form.note("member_id")
        await form.type("h", "<escape>", "<down>")
        assert form.row("member_id").data == there, "the whole name means who has it"


async def offered(store: Store, kind: str, key: str) -> str:
    """The screen with the list of a field, in which a name was typed that is not there."""
    async with form_driver(store, kind) as form:
        form.row(key).entry.focus()
        await form.type("Zaza Zaza")
        return form.text()


@pytest.mark.parametrize(
    ("role", "kind", "key", "may"),
    [
        ("post", "activity", "event_id", True),
        ("post", "introduction", "party_cell_id", False),
        ("post", "meeting", "party_cell_id", False),
        ("hq", "kind_measure", "activity_kind_id", True),
        ("hq", "party_cell", "unit_id", False),
    ],
)
async def test_who_may_not_write_a_kind_is_not_offered_to_add_it(
    world: World, role: str, kind: str, key: str, may: bool
) -> None:
    shown = await offered(world.hq if role == "hq" else world.post, kind, key)
    assert ("Thêm “Zaza Zaza”…" in shown) is may
    assert ("không có" in shown) is not may
    assert ("sở chỉ huy lập" in shown) is (key == "party_cell_id"), "and is told who writes it"


async def test_a_field_about_two_stored_records_offers_no_new_one(world: World) -> None:
    (member,) = members(world, 1)
    async with form_driver(world.post, "member", member) as form:
        form.row("same_as_id").entry.focus()
        await form.type("Zaza Zaza")
        assert "Thêm “" not in form.text()
        assert form.note("same_as_id") == "? không có trong danh sách"


async def test_what_seems_to_be_there_already_can_be_taken(world: World) -> None:
    there = records.save(world.post, "event", {"name": "Lũ quét", "date_from": "2026-09-02"})
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>")
        form.row("event_id").entry.focus()
        await form.type("Lũ quét", "<down>", "<enter>")
        assert "Thêm › Sự kiện" in form.text()
        await form.type("<f2>")
        assert "!" in form.text(), "it is checked by the rules of every form"
        await form.type("2/9/26", "<f2>")
        assert "Lấy bản đã có" in form.text()
        short = form.app.screen_stack[-2]
        assert isinstance(short, FormScreen)
        short.keep()
        await form.type("<enter>")
        assert [draft.kind for draft in world.post.drafts()] == ["activity"]
        assert form.row("event_id").data == there
        assert form.row("activity_kind_id").entry.value == "Giếng khoan", "nothing else that was typed is lost"


async def test_the_short_form_opens_over_the_lines_of_quick_entry_too(world: World) -> None:
    app = FormApp(world.post, QuickScreen("household_charge"))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        await form.type("Lê Thị Mới", "<enter>")
        assert "Thêm › Đảng viên" in form.text()
        assert "Lê Thị Mới" in form.text()
        await form.type("<f2>", "Hộ ông Ba", "<enter>", "ia rve", "<enter>", "1/11/26", "<f2>")
        assert "✓ Hộ ông Ba · Lê Thị Mới" in form.text()


async def test_who_is_missing_in_the_roll_call_is_added_there(world: World) -> None:
    here = members(world, 3)
    guest = records.save(world.post, "member", {"full_name": "Vũ Văn Khách"})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4, "<f6>", "<down>", "<space>")
        assert "Người dự chưa có trong danh sách trên: ghi vào ô dưới đây." in form.text(), (
            "a line says how people get there"
        )
        await form.type("<enter>", "Lê Thị Mới", "<up>", "<enter>", "<f2>")
        assert "4 đảng viên: ✓ 3 có mặt, – 0 vắng có lý do, ✗ 1 vắng" in form.text(), "marks are kept"
        await form.type("Hoàng Văn Đến", "<down>", "<enter>")
        assert "Thêm › Giới thiệu sinh hoạt" in form.text()
        await form.type("<enter>")
        assert "Thêm › Đảng viên" in form.text(), "who is to be introduced may be missing, too"
        await form.type("<f2>", "<enter>", "1/11/26", "<f2>", "vu van", "<enter>", "<escape>")
    (draft,) = world.post.drafts()
    async with form_driver(world.post, "meeting", draft=draft) as form:
        assert "5 đảng viên: ✓ 4 có mặt, – 0 vắng có lý do, ✗ 1 vắng không lý do; 1 đến dự" in form.text()
        assert "Vũ Văn Khách  đến dự" in form.text()
        form.part("attendance").focus_problem()
        await form.type("<f2>", "<f2>")
        found = records.get(world.post, form.app.result)
        read = [text for _title, text in view.describe(world.post, found)]
        assert [text for text in read if "đến dự" in text] == ["Vũ Văn Khách · Có mặt · đến dự"]
        marks = {a["member_id"]: a["status"] for a in found.children["attendance"]}
    assert [marks.pop(member) for member in (*here, guest)] == ["present", "absent", "present", "present"]
    new, introduced = (records.get(world.post, member).row for member in sorted(marks))
    assert (new["full_name"], new["party_cell_id"]) == ("Lê Thị Mới", cell(world))
    assert (introduced["full_name"], introduced["party_cell_id"]) == ("Hoàng Văn Đến", None)


async def test_a_name_that_is_typed_on_the_roll_call_itself_is_no_mark(world: World) -> None:
    members(world, 2)
    records.save(world.post, "member", {"full_name": "Y Thanh Niê", "party_cell_id": "Chi bộ buôn Ba Na"})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4, "<f6>", "Lê Thị Mới")
        assert "– 0 vắng có lý do, ✗ 0 vắng" in form.text(), "the blanks in it mark nobody"
        assert "Đảng viên của chi bộ này, bổ sung: “Lê Thị Mới”" in form.text(), "no letter is a key here"
        await form.type("<ctrl+a>", "<ctrl+k>", "<shift+tab>")
        form.app.post_message(Paste("Y Thanh Kpă"))
        await form.type()
        assert "Đảng viên của chi bộ này, bổ sung: “Y Thanh Kpă”" in form.text()


async def test_enter_in_the_last_field_of_the_short_form_records(world: World) -> None:
    """Once something stands there, and the keys below say so: not where Enter was only pressed again, or held down."""
    async with form_driver(world.post, "introduction") as form:
        await form.type("Hoàng Văn An", "<enter>", *["<enter>"] * 3)
        assert "Thêm › Đảng viên" in form.text()
        assert "Đây là ô cuối. Bấm F2 để lưu." in form.text()
        assert "Enter Ô sau" in form.text()
        await form.type("1990")
        assert "Enter/F2 Lưu" in form.text()
        await form.type("<up>")
        assert "Enter Ô sau" in form.text()
        await form.type("<down>", "<enter>")
        assert "Thêm › Đảng viên" not in form.text()
        assert form.row("member_id").entry.value.startswith("Hoàng Văn An")


async def test_the_number_of_a_member_is_typed(world: World) -> None:
    members(world, 12)
    async with form_driver(world.post, "meeting") as form:
        await form.type(
            "ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4, "<f6>", "4", "<space>", "12", "<space>"
        )
        await form.type("1", "3", "<space>", "<f2>", "<f2>")
        found = records.get(world.post, form.app.result)
        absent = [a["member_id"] for a in found.children["attendance"] if a["status"] == "absent"]
    named = [records.get(world.post, member).row["full_name"] for member in absent]
    assert sorted(named) == ["Trần Văn 03", "Trần Văn 04", "Trần Văn 12"], "there is no thirteenth: the 3 begins anew"


async def test_a_guest_whose_cell_nobody_knows_is_named_in_the_content(world: World) -> None:
    members(world, 1)
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", "<enter>", "<enter>", "Thường kỳ", *["<enter>"] * 2)
        await form.type("<f6>", "Hoàng Văn Tư", "<enter>", "<f2>")
        found = records.get(world.post, form.app.result)
    assert found.row["content"] == "Thường kỳ. Khách dự: Hoàng Văn Tư"
    assert len(found.children["attendance"]) == 1


async def test_a_guest_named_by_mistake_is_taken_off_again(world: World) -> None:
    members(world, 1)
    records.save(world.post, "member", {"full_name": "Vũ Văn Khách"})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4)
        assert "Del" not in form.text()
        await form.type("<enter>", "vu van", "<enter>", "<shift+tab>")
        await form.type("<down>")
        assert "Del Bỏ ra" in form.text()
        await form.type("<delete>")
        assert "1 đảng viên: ✓ 0 có mặt" in form.text()
        assert "Vũ Văn Khách" not in form.text()
        await form.type("<tab>", "Ai đó", "<escape>", "<f2>")
        assert "“Ai đó” chưa được thêm" in form.text(), "a name that was typed and not added is not lost by saving"
        assert form.app.result == "open"


async def test_a_recorded_attendance_is_taken_out_only_after_a_question(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_press, "now", lambda: 0.0)
    guest = records.save(world.post, "member", {"full_name": "Vũ Văn Khách"})
    held = {"party_cell_id": cell(world), "held_on": "2026-11-03"}
    attendance = [{"member_id": guest, "status": "present"}]
    meeting = records.save(world.post, "meeting", {**held, "attendance": attendance}, confirm=True)
    async with form_driver(world.post, "meeting", meeting) as form:
        form.part("attendance").focus_problem()
        await form.type("<backspace>", "<backspace>", "<delete>", "<delete>")
        assert "0 đảng viên: ✓ 0 có mặt, – 0 vắng có lý do, ✗ 0 vắng không lý do; 1 đến dự" in form.text()
        assert "? Vũ Văn Khách đã được ghi ở kỳ này. Bấm Del lần nữa để bỏ ra." in " ".join(form.text().split())
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await form.type("<space>", "<delete>")
        assert "1 ✗ Vũ Văn Khách" in form.text(), "after something else it asks anew"
        monkeypatch.setattr(second_press, "now", lambda: 4.0)
        await form.type("<delete>")
        assert "Vũ Văn Khách" not in form.text()
        assert form.part("attendance").data == []


async def test_a_page_that_was_pasted_into_a_list_is_not_searched_for_at_each_key(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        form.row("unit_id").entry.focus()
        form.row("unit_id").entry.paste("xã Ia Rvê " * 300)
        asked: list[str] = []
        world.post.db.conn.set_trace_callback(asked.append)
        await form.type("abc")
        world.post.db.conn.set_trace_callback(None)
        assert not [sql for sql in asked if "local_search" in sql]
        assert "không có xã, phường nào tên này; thôn, buôn ghi ở ô riêng" in form.note("unit_id")
    (draft,) = todo(world.post, date.today())
    assert draft.draft
    assert len(draft.text) < 160, "the list of things to do has place for others"


async def test_what_was_typed_in_the_short_form_is_there_after_the_power_failed(world: World) -> None:
    async with form_driver(world.post, "introduction") as form:
        await form.type("Hoàng Văn An", "<enter>", "Thiếu tá")
        short = form.app.screen
        assert isinstance(short, FormScreen)
        short.keep()  # as each second
        kept = world.post.drafts()
    assert world.post.drafts() == kept
    (draft,) = (draft for draft in kept if draft.kind == "member")
    async with form_driver(world.post, "member", draft=draft) as form:
        assert "Hoàng Văn An" in form.text()
        assert "Thiếu tá" in form.text()


async def test_what_is_typed_ahead_reaches_the_short_form_and_the_form_below(world: World) -> None:
    keys = [*"Vu Moi", "enter", *"Thieu ta", "f2", *"ba na", "enter", *"3/11/26", "f2"]
    async with form_driver(world.post, "introduction") as form:
        for key in keys:
            form.app.post_message(Key(key, key if len(key) == 1 else None))
        for _ in range(1000):
            await form.pilot.pause()
            if form.app.result != "open":
                break
        introduced = records.get(world.post, form.app.result).row
    member = records.get(world.post, introduced["member_id"]).row
    assert (member["full_name"], member["position"]) == ("Vu Moi", "Thieu ta")
    assert (introduced["party_cell_id"], introduced["date_from"]) == (cell(world), "2026-11-03")
